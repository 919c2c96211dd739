import { type ClientHttp2Session, connect } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { SteadyConnection, SteadyLoad } from './steady-load.ts';

/** A connection of HTTP/2 under steady load: so many requests at a time, each followed by the next. */
export class SteadyHttp2Connection implements SteadyConnection {
  localPort = 0;
  readonly ended: Promise<string | undefined>;
  readonly #load: SteadyLoad;
  readonly #session: ClientHttp2Session;
  readonly #end: (reason: string | undefined) => void;
  #asked = 0;
  #underWay = 0;

  constructor(load: SteadyLoad) {
    this.#load = load;
    const { port, host = '127.0.0.1', tls } = load.options;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.ended = promise;
    const scheme = tls === undefined ? 'http' : 'https';
    this.#session = connect(`${scheme}://load.example.org`, {
      createConnection: () =>
        tls === undefined
          ? connectTcp({ host, port, noDelay: true })
          : connectTls({ host, port, ALPNProtocols: ['h2'], ...tls }),
    });
    this.#end = (reason) => {
      resolve(reason);
      if (reason === undefined) this.#session.close();
      else this.#session.destroy();
    };
    this.#session.on('connect', (_session, socket) => {
      this.localPort = socket.localPort!;
      for (let i = 0; i < AT_A_TIME; i++) this.#ask();
    });
    this.#session.on('goaway', (code) => this.#end(`GOAWAY ${code}`));
    this.#session.on('error', (error: NodeJS.ErrnoException) => this.#end(error.code ?? error.message));
    this.#session.on('close', () => this.#end('closed'));
  }

  #ask(): void {
    const { path = '/', body, requestsPerConnection } = this.#load.options;
    if (this.#asked >= requestsPerConnection || this.#load.stopping) {
      if (this.#underWay === 0) this.#end(undefined);
      return;
    }
    this.#asked += 1;
    this.#underWay += 1;
    const stream = this.#session.request({ ':path': path });
    let status: number | undefined;
    let text = '';
    stream.setEncoding('latin1');
    stream.on('response', (headers) => {
      status = headers[':status'];
    });
    stream.on('data', (piece: string) => {
      text += piece;
    });
    stream.on('error', (error) => this.#end(error.message));
    stream.on('close', () => {
      this.#underWay -= 1;
      if (status !== 200 || text !== body) this.#end(`answered ${status} ${text}, reset ${stream.rstCode}`);
      else {
        this.#load.countAnswer();
        this.#ask();
      }
    });
    stream.end();
  }
}

/** Streams of one connection. */
const AT_A_TIME = 3;
