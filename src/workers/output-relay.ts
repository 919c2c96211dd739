import type { LineChannel } from '../telemetry/line-channel.ts';

/**
 * Brings the standard output of the workers to that of the primary, in whole lines. Several processes that write to one
 * pipe tear each other's lines (only 4 KiB at a time are atomic); here each has a pipe of its own.
 *
 * When nobody reads the primary's output, reading from the workers stops, their pipes fill, and they drop and count
 * access-log lines by themselves. The cost is one read and one write per 64 KiB, in a process that carries no traffic.
 */
export class OutputRelay {
  readonly #stdout: LineChannel;
  readonly #sources = new Set<NodeJS.ReadableStream>();
  #allEnded = Promise.withResolvers<void>();
  #paused = false;

  constructor(stdout: LineChannel) {
    this.#stdout = stdout;
  }

  add(source: NodeJS.ReadableStream): void {
    let rest = '';
    source.setEncoding('utf8');
    source.on('data', (text: string) => {
      const end = text.lastIndexOf('\n') + 1;
      if (end === 0 && rest.length < MAX_LINE_CHARACTERS) {
        rest += text;
        return;
      }
      const lines = end === 0 ? `${rest}${text}\n` : rest + text.slice(0, end);
      rest = end === 0 ? '' : text.slice(end);
      if (!this.#stdout.write(lines)) this.#pause();
    });
    // A worker that was killed in the middle of a line.
    source.on('end', () => {
      if (rest !== '') this.#stdout.write(`${rest}\n`);
      this.#ended(source);
    });
    source.on('error', () => this.#ended(source));
    if (this.#sources.size === 0) this.#allEnded = Promise.withResolvers();
    this.#sources.add(source);
    if (this.#paused) source.pause();
  }

  /** The primary's output takes more. */
  resume(): void {
    this.#paused = false;
    for (const source of this.#sources) source.resume();
  }

  /** Settles when everything that ended workers wrote has been passed on, or a reader was too slow for it. */
  async ended(): Promise<void> {
    const giveUp = setTimeout(() => this.#allEnded.resolve(), END_TIMEOUT_MS);
    if (this.#sources.size > 0) await this.#allEnded.promise;
    clearTimeout(giveUp);
  }

  #ended(source: NodeJS.ReadableStream): void {
    this.#sources.delete(source);
    if (this.#sources.size === 0) this.#allEnded.resolve();
  }

  #pause(): void {
    this.#paused = true;
    for (const source of this.#sources) source.pause();
  }
}

/** What comes without a line feed for this long is not our log; it is passed on as it is. */
const MAX_LINE_CHARACTERS = 1024 * 1024;
/** A process's last lines are in its pipe when it is gone; a reader that takes none of them for so long takes none. */
const END_TIMEOUT_MS = 2_000;
