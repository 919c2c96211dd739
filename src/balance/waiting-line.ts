/** Who waits until an instance of a cluster has room. */
export interface RoomSeeker {
  /** There may be room for it. True: it has left the line, with the room or without. Must not throw. */
  takeRoom(): boolean;
}

/**
 * Those who wait for a cluster whose instances all have as many exchanges as they may: first come, first served. Whatever gives room is
 * told (`roomFreed`), and the first takes it within that call. So while somebody waits there is no room, and who comes later overtakes
 * nobody: it finds none.
 *
 * Who was at an instance already, and has to be sent again, stands before the others. It may not want the instance that has room
 * now, having tried it; then those behind it are asked. There are few of them: the retry budget sees to that.
 *
 * Joining, leaving and being served cost the same whatever the length.
 */
export class WaitingLine {
  readonly #max: number;
  readonly #again = new Row();
  readonly #first = new Row();
  /** Those of the snapshot before, whose instances are not quite the same. */
  #older: WaitingLine | undefined;
  #isServing = false;
  #freedMeanwhile = false;

  /** `max`: who may wait at a time. `older`: the line of the snapshot before, which is served before this one until it is empty. */
  constructor(max: number, older?: WaitingLine) {
    this.#max = max;
    this.#older = older;
  }

  get length(): number {
    return this.#again.length + this.#first.length + (this.#older?.length ?? 0);
  }

  /** Undefined when as many wait as may. `isAgain`: it was sent before. */
  join(seeker: RoomSeeker, isAgain: boolean): WaitingPlace | undefined {
    if (this.#again.length + this.#first.length >= this.#max) return undefined;
    return (isAgain ? this.#again : this.#first).add(seeker);
  }

  /** An instance has, or may have, room. */
  roomFreed(): void {
    if (this.#older !== undefined) {
      this.#older.roomFreed();
      if (this.#older.length === 0) this.#older = undefined;
    }
    this.#freedMeanwhile = true;
    // What is served may end within the call, and free room again: by recursion the stack would grow with the line.
    if (this.#isServing) return;
    this.#isServing = true;
    try {
      while (this.#freedMeanwhile) {
        this.#freedMeanwhile = false;
        this.#again.serveAny();
        this.#first.serve();
      }
    } finally {
      this.#isServing = false;
    }
  }
}

/** A place in a line; it is given up by who has it, or lost by being served. */
export class WaitingPlace {
  readonly seeker: RoomSeeker;
  /** Of the row: its own, like `previous`. */
  next: WaitingPlace | undefined = undefined;
  previous: WaitingPlace | undefined = undefined;
  #row: Row | undefined;

  constructor(seeker: RoomSeeker, row: Row) {
    this.seeker = seeker;
    this.#row = row;
  }

  /** Whoever was behind it moves up. Once more does nothing. */
  leave(): void {
    this.#row?.remove(this);
    this.#row = undefined;
  }
}

/** First in, first out, but anybody may leave. */
class Row {
  length = 0;
  #head: WaitingPlace | undefined = undefined;
  #tail: WaitingPlace | undefined = undefined;

  add(seeker: RoomSeeker): WaitingPlace {
    const place = new WaitingPlace(seeker, this);
    place.previous = this.#tail;
    if (this.#tail === undefined) this.#head = place;
    else this.#tail.next = place;
    this.#tail = place;
    this.length += 1;
    return place;
  }

  remove(place: WaitingPlace): void {
    const { next, previous } = place;
    if (previous === undefined) this.#head = next;
    else previous.next = next;
    if (next === undefined) this.#tail = previous;
    else next.previous = previous;
    this.length -= 1;
  }

  /** The first ones, as long as they find room. */
  serve(): void {
    while (this.#head?.seeker.takeRoom() === true);
  }

  /** All who find room. */
  serveAny(): void {
    for (let place = this.#head; place !== undefined; ) {
      const { next } = place;
      place.seeker.takeRoom();
      place = next;
    }
  }
}
