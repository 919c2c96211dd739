import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext } from 'node:tls';

/** Connections in the opening at a time: few enough for any accept queue. */
const PARALLEL = 32;
const MESSAGE = 'hello';

/** Clients that have said one thing, got it back, and wait. */
export class IdleStreams {
  /** Streams that ended by themselves, or gave back another thing. */
  lost = 0;
  readonly #port: number;
  readonly #serverName: string | undefined;
  readonly #sockets: Socket[] = [];
  readonly #secureContext = createSecureContext();
  #isClosing = false;

  /** With a server name over TLS, without a question about its certificate. */
  constructor(port: number, serverName: string | undefined) {
    this.#port = port;
    this.#serverName = serverName;
  }

  open(count: number): Promise<void> {
    return inParallel(count, async () => {
      const socket = await this.#connect();
      this.#sockets.push(socket);
      await this.#ask(socket);
    });
  }

  /** Every stream once more. */
  askAll(): Promise<void> {
    return inParallel(this.#sockets.length, (index) => this.#ask(this.#sockets[index]!));
  }

  closeAll(): void {
    this.#isClosing = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  async #connect(): Promise<Socket> {
    const target = { port: this.#port, host: '127.0.0.1' };
    const isTls = this.#serverName !== undefined;
    const socket = isTls
      ? connectTls({
          ...target,
          servername: this.#serverName!,
          secureContext: this.#secureContext,
          rejectUnauthorized: false,
        })
      : connect(target);
    socket.on('error', () => {});
    socket.once('close', () => {
      if (!this.#isClosing) this.lost += 1;
    });
    await once(socket, isTls ? 'secureConnect' : 'connect');
    return socket;
  }

  async #ask(socket: Socket): Promise<void> {
    if (socket.destroyed) return;
    socket.write(MESSAGE);
    const answer = await Promise.race([once(socket, 'data'), once(socket, 'close')]);
    if (String(answer[0]) !== MESSAGE && !socket.destroyed) this.lost += 1;
  }
}

async function inParallel(count: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}
