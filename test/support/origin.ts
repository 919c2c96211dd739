import { EventEmitter, once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { TestContext } from 'node:test';
import type { PlainMessage } from './http1-message.ts';
import { PATIENCE_MS, Peer } from './peer.ts';

/** A backend in the hands of a test: raw TCP, every byte of every connection kept. */
export class Origin {
  readonly port: number;
  /** In order of arrival. */
  readonly connections: Peer[] = [];
  readonly server: Server;
  readonly #events: EventEmitter = new EventEmitter();
  #answered = 0;

  /** `event`: that by which the server tells of a connection. */
  constructor(server: Server, script: OriginScript | undefined, event = 'connection') {
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on(event, (socket: Socket) => {
      const peer = new Peer(socket);
      this.connections.push(peer);
      this.#events.emit('connection');
      script?.(peer);
    });
  }

  /** As configuration names it. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** The `index`th connection, waited for. */
  async connection(index: number): Promise<Peer> {
    while (this.connections.length <= index) {
      await once(this.#events, 'connection', { signal: AbortSignal.timeout(PATIENCE_MS) });
    }
    return this.connections[index]!;
  }

  /** The next connection that no call before has given. */
  next(): Promise<Peer> {
    return this.connection(this.#answered++);
  }

  /** Everything that ever came, over all connections. */
  get text(): string {
    return this.connections.map(({ text }) => text).join('');
  }

  close(): void {
    this.server.close();
    for (const { socket } of this.connections) socket.destroy();
  }

  /** Resolves when the port is free again: from then on connections to it are refused. */
  async stop(): Promise<void> {
    this.close();
    if (this.server.listening) await once(this.server, 'close');
  }
}

export type OriginScript = (connection: Peer) => void;

/** An origin on loopback; without a script it is silent and the test plays its part. */
export async function startOrigin(test: TestContext, script?: OriginScript, port = 0): Promise<Origin> {
  const server = createServer({ allowHalfOpen: true, noDelay: true });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const origin = new Origin(server, script);
  test.after(() => origin.close());
  return origin;
}

/** Answers every request with the same bytes, once its body is complete; ends when the other side does. */
export function answering(response: string): OriginScript {
  return eachRequest((_request, connection) => connection.send(response));
}

/** Does something for every complete request, whose number on its connection comes last; ends when the other side does. */
export function eachRequest(
  play: (request: PlainMessage, connection: Peer, index: number) => void,
): OriginScript {
  return (connection) => {
    connection.ended.then(() => connection.socket.end());
    const next = (index: number): void => {
      connection.message().then(
        (request) => {
          play(request, connection, index);
          next(index + 1);
        },
        () => {},
      );
    };
    next(0);
  };
}

/** 200 with this body. */
export function ok(body: string, lines: readonly string[] = []): string {
  return `HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join('')}content-length: ${body.length}\r\n\r\n${body}`;
}

/** An origin made of node:http. */
export async function startHttpOrigin(
  test: TestContext,
  listener: RequestListener,
): Promise<{ readonly port: number; readonly address: string }> {
  const server = createHttpServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { port, address: `127.0.0.1:${port}` };
}
