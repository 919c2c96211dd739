import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { SteadyHttp2Connection } from './steady-http2-connection.ts';

/** A connection that ended otherwise than by its client or after an answer that had said so. */
export interface Failure {
  /** The client's end: tells which process had the other one. */
  readonly localPort: number;
  readonly reason: string;
}

export interface SteadyLoadOptions {
  readonly port: number;
  /** 127.0.0.1 unless given. */
  readonly host?: string;
  /** `/` unless given. */
  readonly path?: string;
  /** Absent: in the clear. */
  readonly tls?: ConnectionOptions;
  /** A few requests at a time on each connection; HTTP/1.1 unless given. */
  readonly isHttp2?: boolean;
  /** Of every response; anything else is a failure. */
  readonly body: string;
  /** Clients at a time. */
  readonly clients: number;
  /** After so many a client closes its connection and opens another. */
  readonly requestsPerConnection: number;
}

/** Clients that ask one thing after the other, and count every answer and every one that did not come. */
export class SteadyLoad {
  answers = 0;
  readonly failures: Failure[] = [];
  /** Resolves with the first failure. */
  readonly failed: Promise<void>;
  readonly #failed = Promise.withResolvers<void>();
  readonly options: SteadyLoadOptions;
  readonly #connections = new Set<SteadyConnection>();
  readonly #clients: readonly Promise<void>[];
  #milestones: { readonly answers: number; readonly reached: () => void }[] = [];
  #stopping = false;

  constructor(options: SteadyLoadOptions) {
    this.options = options;
    this.failed = this.#failed.promise;
    this.#clients = Array.from({ length: options.clients }, () => this.#runClient());
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  /** The clients' ends of the connections that are open. */
  get localPorts(): number[] {
    return [...this.#connections].map(({ localPort }) => localPort);
  }

  /** Waits for so many answers from now on. */
  more(answers: number): Promise<void> {
    return new Promise((reached) => this.#milestones.push({ answers: this.answers + answers, reached }));
  }

  /** Resolves when every request that is on its way has been answered. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#clients);
  }

  countAnswer(): void {
    this.answers += 1;
    const [next] = this.#milestones;
    if (next === undefined || next.answers > this.answers) return;
    this.#milestones = this.#milestones.filter(({ answers, reached }) => {
      if (answers <= this.answers) reached();
      return answers > this.answers;
    });
  }

  async #runClient(): Promise<void> {
    while (!this.#stopping) {
      const { isHttp2 } = this.options;
      const connection = isHttp2 ? new SteadyHttp2Connection(this) : new Http1Connection(this);
      this.#connections.add(connection);
      const reason = await connection.ended;
      this.#connections.delete(connection);
      if (reason === undefined) continue;
      this.failures.push({ localPort: connection.localPort, reason });
      this.#failed.resolve();
    }
  }
}

/** One connection of a client, which asks until it is done with it, or until it is broken. */
export interface SteadyConnection {
  readonly localPort: number;
  /** Why, or undefined when the client was done with it. */
  readonly ended: Promise<string | undefined>;
}

class Http1Connection implements SteadyConnection {
  localPort = 0;
  readonly ended: Promise<string | undefined>;
  readonly #load: SteadyLoad;
  readonly #socket: Socket;
  readonly #end: (reason: string | undefined) => void;
  #asked = 0;
  #response = '';

  constructor(load: SteadyLoad) {
    this.#load = load;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.ended = promise;
    this.#end = (reason) => {
      this.#socket.destroy();
      resolve(reason);
    };
    const { port, host = '127.0.0.1', tls } = load.options;
    this.#socket =
      tls === undefined ? connect({ host, port, noDelay: true }) : connectTls({ host, port, ...tls });
    this.#socket.on(tls === undefined ? 'connect' : 'secureConnect', () => {
      this.localPort = this.#socket.localPort!;
      this.#ask();
    });
    this.#socket.setEncoding('latin1').on('data', (text: string) => this.#receive(text));
    this.#socket.on('error', (error: NodeJS.ErrnoException) => this.#end(error.code ?? error.message));
    this.#socket.on('end', () => this.#end('ended'));
  }

  #ask(): void {
    if (this.#asked === this.#load.options.requestsPerConnection || this.#load.stopping) {
      this.#end(undefined);
      return;
    }
    this.#asked += 1;
    this.#response = '';
    this.#socket.write(`GET ${this.#load.options.path ?? '/'} HTTP/1.1\r\nHost: load.example.org\r\n\r\n`);
  }

  #receive(text: string): void {
    this.#response += text;
    if (!isWhole(this.#response)) return;
    const { body } = this.#load.options;
    if (!this.#response.startsWith('HTTP/1.1 200 ') || !this.#response.endsWith(`\r\n\r\n${body}`)) {
      this.#end(`answered ${this.#response}`);
      return;
    }
    this.#load.countAnswer();
    if (/^connection: close\r$/im.test(this.#response)) this.#end(undefined);
    else this.#ask();
  }
}

function isWhole(response: string): boolean {
  const bodyStart = response.indexOf('\r\n\r\n') + 4;
  const length = /^content-length: (\d+)\r$/im.exec(response)?.[1] ?? 0;
  return bodyStart >= 4 && response.length >= bodyStart + Number(length);
}
