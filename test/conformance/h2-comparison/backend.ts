import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { takeMessage } from '../../support/http1-message.ts';

/** An HTTP/1.1 backend for one case at a time: keeps every octet, and answers as the case's `@origin` says. */
export class RecordingBackend {
  readonly #server: Server = createServer((socket) => this.#serve(socket));
  readonly #sockets: Set<Socket> = new Set();
  #texts: string[] = [];
  #manner = 'answers';

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** What comes from now on belongs to another case. */
  begin(manner: string | undefined): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#texts = [];
    this.#manner = manner ?? 'answers';
  }

  /** What each connection has brought. */
  get texts(): readonly string[] {
    return this.#texts;
  }

  close(): void {
    this.begin(undefined);
    this.#server.close();
  }

  #serve(socket: Socket): void {
    const texts = this.#texts;
    const index = texts.push('') - 1;
    this.#sockets.add(socket);
    let answered = 0;
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (chunk) => {
      texts[index] += chunk.toString('latin1');
      const due = this.#manner === 'early' ? headsIn(texts[index]!) : wholeIn(texts[index]!);
      if (this.#manner === 'silent') return;
      for (; answered < due; answered++) socket.write(answer(this.#manner));
    });
  }
}

/**
 * 200 with "ok", or with as many octets as `sends N` says. No front may use the connection for the next case; that it is said, and not
 * done, lets bytes that stand behind the request be seen.
 */
function answer(manner: string): string {
  const size = Number(/^sends (\d+)$/.exec(manner)?.[1] ?? 0);
  const body = size === 0 ? 'ok' : 'x'.repeat(size);
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
}

function headsIn(text: string): number {
  return text.includes('\r\n\r\n') ? 1 : 0;
}

function wholeIn(text: string): number {
  let count = 0;
  let rest = text;
  for (let taken = takeMessage(rest); taken !== undefined; taken = takeMessage(rest)) {
    count += 1;
    rest = rest.slice(taken.length);
  }
  return count;
}
