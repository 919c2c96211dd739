/** What all bodies that are held may take of one process. Each asks for as much as it may grow to before it is read. */
export class BodyRoom {
  #free = MAX_HELD_BYTES;

  /** False: there is no such room now. What is taken must be given back. */
  take(bytes: number): boolean {
    if (bytes > this.#free) return false;
    this.#free -= bytes;
    return true;
  }

  giveBack(bytes: number): void {
    this.#free += bytes;
  }
}

/** 2048 bodies of 64 KiB. Clients that send bodies and never end them must not take the memory of all others. */
export const MAX_HELD_BYTES = 128 * 1024 * 1024;
