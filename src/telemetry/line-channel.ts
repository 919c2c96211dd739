import { close, constants, open, openSync, write, writeSync } from 'node:fs';
import { endsInLine } from './ends-in-line.ts';

/**
 * Whole lines to a descriptor or a file, without ever making the caller wait.
 *
 *   write ─► pending (a string) ──batch full, or timer──► one write(2) in the thread pool at a time
 *
 * Lines are gathered in one string and leave as batches, so that a line costs a concatenation and the system call is
 * shared by dozens. While the reader does not keep up (a full disk, a stopped pager), pending grows to its bound; lines
 * past it are dropped whole and counted: a log must not take the memory of the traffic.
 */
export interface LineChannel {
  /** `line` ends with '\n'. False: nothing more is wanted until `onDrain`; a caller that cannot wait may go on. */
  write(line: string): boolean;
  /** What is pending goes out now (still without waiting). */
  flush(): void;
  /** Opens the file anew under its name (after log rotation moved it); nothing for a descriptor. */
  reopen(): void;
  /** Writes what is pending and waits for it: only for the last words of a process. */
  flushSync(): void;
  /** Resolves when everything is written or could not be; closes a file. */
  close(): Promise<void>;
  /** Lines dropped since the start. */
  readonly dropped: number;
}

export interface LineTarget {
  /** A descriptor, or the path of a file to append to. */
  readonly to: number | string;
  /** Told when writing begins to fail, and again when it fails after having worked in between. */
  readonly onError?: (error: Error) => void;
  /** Told how many lines were dropped, when writing works again. */
  readonly onDropped?: (lines: number) => void;
  /** Told when `write` had answered false and wants more now. */
  readonly onDrain?: () => void;
}

/** Characters gathered before a write; about 50 access-log lines. */
export const BATCH_CHARACTERS = 16 * 1024;
/** How long a line may lie in memory while the server is quiet. */
const FLUSH_INTERVAL_MS = 250;
/** Past this many pending characters `write` answers false: a source that can wait should. */
const HIGH_WATER_CHARACTERS = 256 * 1024;
/** Characters that may wait for a slow reader; about 12,000 lines. More are dropped. */
export const MAX_PENDING_CHARACTERS = 4 * 1024 * 1024;
/** How long `close` waits for a reader that has stopped reading. */
const CLOSE_TIMEOUT_MS = 2_000;
/** A non-blocking terminal or pipe that is full (EAGAIN) is tried again after this long. */
const RETRY_MS = 50;

/** To open a pipe would wait for who reads it, and hold up all traffic until then: so it fails instead, and a write to a full one too. */
const APPEND = constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_NONBLOCK;

/** Throws when the file cannot be opened. */
export function openLineChannel(target: LineTarget): LineChannel {
  return new BatchedLines(target);
}

class BatchedLines implements LineChannel {
  readonly #target: LineTarget;
  #descriptor: number;
  #pending = '';
  #writing = false;
  #failing = false;
  /** The file may end in the middle of a line, of ours or of another worker, and the next one must not be glued to that. */
  #mayBeTorn = true;
  #wantsDrain = false;
  #wantsReopen = false;
  #timer: NodeJS.Timeout | undefined;
  #closed: (() => void) | undefined;
  #droppedTold = 0;
  dropped = 0;

  constructor(target: LineTarget) {
    this.#target = target;
    this.#descriptor = typeof target.to === 'number' ? target.to : openSync(target.to, APPEND);
  }

  write(line: string): boolean {
    if (this.#pending.length + line.length > MAX_PENDING_CHARACTERS || this.#closed !== undefined) {
      this.dropped += 1;
      return false;
    }
    this.#pending += line;
    if (this.#pending.length >= BATCH_CHARACTERS) this.flush();
    else this.#flushSoon();
    if (this.#pending.length < HIGH_WATER_CHARACTERS) return true;
    this.#wantsDrain = true;
    return false;
  }

  flush(): void {
    if (this.#writing || this.#pending === '') return;
    const batch = Buffer.from(this.#mayBeTorn ? this.#untorn(this.#pending) : this.#pending);
    this.#pending = '';
    this.#writing = true;
    this.#send(batch);
  }

  reopen(): void {
    if (typeof this.#target.to === 'number' || this.#closed !== undefined) return;
    // What came before goes to the old file; and a write in flight needs its descriptor.
    this.#wantsReopen = true;
    this.flush();
    if (!this.#writing) this.#reopenNow();
  }

  flushSync(): void {
    try {
      if (this.#pending !== '') writeSync(this.#descriptor, this.#pending);
      this.#pending = '';
    } catch {
      // The process is ending and its log is gone: nobody is left to tell.
    }
  }

  close(): Promise<void> {
    if (this.#closed !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const giveUp = setTimeout(resolve, CLOSE_TIMEOUT_MS);
      this.#closed = () => {
        clearTimeout(giveUp);
        if (typeof this.#target.to === 'string') close(this.#descriptor, () => resolve());
        else resolve();
      };
      this.flush();
      if (!this.#writing) this.#closed();
    });
  }

  #untorn(lines: string): string {
    this.#mayBeTorn = false;
    return typeof this.#target.to === 'string' && endsInLine(this.#target.to) ? `\n${lines}` : lines;
  }

  #send(batch: Buffer): void {
    write(this.#descriptor, batch, (error, bytes) => {
      if (error === null && bytes < batch.length) this.#send(batch.subarray(bytes));
      else if (error?.code === 'EAGAIN') setTimeout(() => this.#send(batch), RETRY_MS);
      else this.#sent(batch, error);
    });
  }

  #sent(batch: Buffer, error: Error | null): void {
    this.#writing = false;
    if (error !== null) {
      this.dropped += countLines(batch);
      this.#mayBeTorn = true;
      if (!this.#failing) this.#target.onError?.(error);
    }
    this.#failing = error !== null;
    if (error === null && this.dropped > this.#droppedTold) {
      this.#target.onDropped?.(this.dropped - this.#droppedTold);
      this.#droppedTold = this.dropped;
    }
    if (this.#wantsReopen) this.#reopenNow();
    else this.#next();
  }

  #next(): void {
    if (this.#closed !== undefined) {
      this.flush();
      if (!this.#writing) this.#closed();
    } else if (this.#pending.length >= BATCH_CHARACTERS) this.flush();
    else if (this.#pending !== '') this.#flushSoon();
    if (this.#wantsDrain && this.#pending.length < HIGH_WATER_CHARACTERS) {
      this.#wantsDrain = false;
      this.#target.onDrain?.();
    }
  }

  #reopenNow(): void {
    this.#wantsReopen = false;
    this.#writing = true;
    open(String(this.#target.to), APPEND, (error, descriptor) => {
      this.#writing = false;
      // The old file is better than none.
      if (error !== null) this.#target.onError?.(error);
      else {
        close(this.#descriptor, () => {});
        this.#descriptor = descriptor;
        this.#mayBeTorn = true;
      }
      this.#next();
    });
  }

  #flushSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.flush();
    }, FLUSH_INTERVAL_MS).unref();
  }
}

/** A LF at the start ends what is in the file already, and no line of the batch. */
function countLines(batch: Buffer): number {
  let lines = 0;
  for (let at = batch.indexOf(10, 1); at >= 0; at = batch.indexOf(10, at + 1)) lines += 1;
  return lines;
}
