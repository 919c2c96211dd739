import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Http1Case } from '../../support/http1-transcripts.ts';

/**
 * An origin for one case at a time. It answers each request once its sender has paused (so that what is wrong with a body
 * shows first), or plays the bytes of a case.
 */
export class LaneOrigin {
  /** Whole request heads that arrived since `begin`. */
  heads = 0;
  #played: Http1Case | undefined = undefined;
  readonly #server: Server = createServer((socket) => this.#serve(socket));
  readonly #sockets: Set<Socket> = new Set();

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** What comes from now on belongs to another case; `played`: its bytes are the answer. */
  begin(played: Http1Case | undefined): void {
    this.heads = 0;
    this.#played = played;
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.begin(undefined);
    this.#server.close();
  }

  #serve(socket: Socket): void {
    let text = '';
    let pause: NodeJS.Timeout | undefined;
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      clearTimeout(pause);
      this.#sockets.delete(socket);
    });
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const before = this.heads;
      if (pause === undefined && text.includes('\r\n\r\n')) this.heads += 1;
      if (pause === undefined && this.heads === before) return;
      clearTimeout(pause);
      pause = setTimeout(() => this.#answer(socket), this.#played === undefined ? PAUSE_MS : 0);
    });
  }

  #answer(socket: Socket): void {
    const played = this.#played;
    if (played === undefined)
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok');
    else if (played.directives.has('end')) socket.end(played.bytes);
    else socket.write(played.bytes);
  }
}

/** What a client of the front was answered with. */
export interface Reply {
  readonly text: string;
  /** The front ended the connection. */
  readonly ended: boolean;
}

export const PAUSE_MS = 100;

/** The request that a played case answers. */
export function requestFor({ directives }: Http1Case): Buffer {
  const asked = directives.get('asked');
  const upgrade = asked === undefined ? '' : `Connection: Upgrade\r\nUpgrade: ${asked}\r\n`;
  return Buffer.from(`${directives.get('request') ?? 'GET'} / HTTP/1.1\r\nHost: a.example\r\n${upgrade}\r\n`);
}
