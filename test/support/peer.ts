import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { type MessageContext, type PlainMessage, takeMessage } from './http1-message.ts';

/** How the other side ended its direction: FIN, an error (RST, TLS alert, …), or not at all (we destroyed the socket). */
export type Ending = 'end' | 'error' | 'destroyed';

/**
 * One end of a connection in the hands of a test: sends bytes as told, keeps what comes, and lets the test wait for it. It never
 * ends its own direction by itself, and its errors never escape.
 */
export class Peer {
  readonly socket: Socket;
  /** How the other side ended; settles when it has. */
  readonly ended: Promise<Ending>;
  /** Settles when the socket is closed in both directions. */
  readonly closed: Promise<void>;
  /** The error that ended it, if one did. */
  error: Error | undefined = undefined;
  /** Octets received. */
  receivedBytes = 0;
  /** Set it to count what comes without keeping it. */
  keeps = true;
  #chunks: Buffer[] = [];
  #text = '';
  #taken = 0;
  #ending: Ending | undefined = undefined;
  #waiters: (() => void)[] = [];

  constructor(socket: Socket) {
    this.socket = socket;
    const { promise: ended, resolve: endedNow } = Promise.withResolvers<Ending>();
    const { promise: closed, resolve: closedNow } = Promise.withResolvers<void>();
    this.ended = ended;
    this.closed = closed;
    const end = (ending: Ending) => {
      this.#ending ??= ending;
      endedNow(this.#ending);
      this.#wake();
    };
    socket.on('data', (chunk: Buffer) => {
      this.receivedBytes += chunk.length;
      if (this.keeps) this.#chunks.push(chunk);
      this.#wake();
    });
    socket.on('end', () => end('end'));
    socket.on('error', (error) => {
      this.error ??= error;
      end('error');
    });
    socket.on('close', () => {
      end('destroyed');
      closedNow();
    });
  }

  /** Everything kept so far; one char per octet. */
  get text(): string {
    if (this.#chunks.length > 0) {
      this.#text += Buffer.concat(this.#chunks).toString('latin1');
      this.#chunks = [];
    }
    return this.#text;
  }

  /** What was kept and not yet taken as a message. */
  get rest(): string {
    return this.text.slice(this.#taken);
  }

  /** Sends octets: a latin-1 text or bytes. */
  send(data: string | Buffer): this {
    this.socket.write(typeof data === 'string' ? Buffer.from(data, 'latin1') : data);
    return this;
  }

  /** Ends this direction by FIN, after `data`. */
  end(data?: string): this {
    if (data !== undefined) this.send(data);
    this.socket.end();
    return this;
  }

  /** Ends both directions by RST. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  /** Waits until `condition` holds; rejects when the connection ends before, or after a time no machine needs. */
  async until(
    condition: () => boolean,
    what = 'what the test waits for',
    patienceMs = PATIENCE_MS,
  ): Promise<void> {
    const deadline = Date.now() + patienceMs;
    while (!condition()) {
      if (this.#ending !== undefined)
        throw new Error(`the connection ended (${this.#ending}) before ${what}; got ${this.#excerpt()}`);
      if (Date.now() >= deadline) throw new Error(`no sign of ${what}; got ${this.#excerpt()}`);
      await this.#nextEvent(deadline - Date.now());
    }
  }

  /** Waits for a text to arrive. */
  untilText(text: string): Promise<void> {
    return this.until(() => this.text.includes(text), JSON.stringify(text));
  }

  /** Waits for the other side to end, for at most the time no machine needs. */
  async untilEnded(): Promise<Ending> {
    const deadline = Date.now() + PATIENCE_MS;
    while (this.#ending === undefined) {
      if (Date.now() >= deadline) throw new Error(`the connection did not end; got ${this.#excerpt()}`);
      await this.#nextEvent(deadline - Date.now());
    }
    return this.#ending;
  }

  get hasEnded(): boolean {
    return this.#ending !== undefined;
  }

  /** The next whole HTTP/1 message; interim responses count as messages. */
  async message(context: MessageContext = {}): Promise<PlainMessage> {
    let taken = takeMessage(this.rest, context);
    while (taken === undefined) {
      const { receivedBytes } = this;
      const ended = this.#ending === 'end';
      if (ended) {
        taken = takeMessage(this.rest, { ...context, ended });
        if (taken === undefined) await this.until(() => false, 'a whole message');
        continue;
      }
      await this.until(() => this.receivedBytes > receivedBytes || this.#ending === 'end', 'a whole message');
      taken = takeMessage(this.rest, context);
    }
    this.#taken += taken.length;
    return taken.message;
  }

  #nextEvent(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#waiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #wake(): void {
    for (const waiter of this.#waiters.splice(0)) waiter();
  }

  #excerpt(): string {
    return JSON.stringify(this.rest.slice(0, 400));
  }
}

/** Bounds every wait of a test; never part of what it says. */
export const PATIENCE_MS = 10_000;
