import type { Socket } from 'node:net';
import type { WriteProgress } from '../transport/write-progress.ts';

/** What an ending needs of its connection. */
export interface EndingConnection {
  /** Sets the connection's deadline, from now. */
  awaitUntil(ms: number): void;
  /** How long the client may take nothing of what is written. */
  readonly clientWriteMs: number;
}

/**
 * The last moments of a connection, when all answers are given: what is pending goes out at the client's pace, and only then must
 * the client notice that this was the end.
 */
export class Ending {
  readonly #socket: Socket;
  readonly #progress: WriteProgress;
  readonly #connection: EndingConnection;
  #isHeld = false;

  constructor(socket: Socket, progress: WriteProgress, connection: EndingConnection) {
    this.#socket = socket;
    this.#progress = progress;
    this.#connection = connection;
  }

  /** Ends our direction and waits for the client to end its own: closing at once would reset what it has not read yet. */
  linger(): void {
    this.#socket.end();
    this.#await();
  }

  /** Closes as soon as what is pending has gone; over TLS with the close_notify without which the end would look like a cut. */
  closeSoon(): void {
    this.#socket.destroySoon();
    this.#await();
  }

  /**
   * Leaves the connection open and unread for a while: a client that floods us would begin anew as soon as it is closed, and each
   * new connection costs more than the old one, which costs nothing now.
   */
  hold(): void {
    this.#isHeld = true;
    this.#socket.pause();
    this.#connection.awaitUntil(HOLD_MS);
  }

  /** The deadline has passed. True: there is nothing left to wait for. */
  expired(): boolean {
    if (this.#isHeld || this.#socket.writableLength === 0 || !this.#progress.hasAdvanced) return true;
    this.#awaitProgress();
    return false;
  }

  #await(): void {
    const awaitClient = (): void => this.#connection.awaitUntil(LINGER_MS);
    if (this.#socket.writableLength === 0) awaitClient();
    else {
      this.#socket.once('finish', awaitClient);
      this.#awaitProgress();
    }
  }

  #awaitProgress(): void {
    this.#progress.mark();
    this.#connection.awaitUntil(this.#connection.clientWriteMs);
  }
}

/** How long the client may take to notice that we have closed. */
const LINGER_MS = 2000;

/** How long a flood waits for its end. */
const HOLD_MS = 1000;
