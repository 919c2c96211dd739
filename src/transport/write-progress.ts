import type { Socket } from 'node:net';

/** Whether a peer takes what is written to it, however slowly: asked when a write has not ended within its time. */
export class WriteProgress {
  readonly #socket: Socket;
  #unsentBefore = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** From here on is counted. */
  mark(): void {
    this.#unsentBefore = this.#unsent();
  }

  /** Whether the peer has taken anything since the mark. */
  get hasAdvanced(): boolean {
    return this.#unsent() < this.#unsentBefore;
  }

  /**
   * What the kernel has not taken yet of the writes in progress, bytes. Node tells a write's end but not its progress; libuv's
   * queue does, through an undocumented handle; over TLS that of the connection below, for a TLS handle counts whole writes.
   * Where it is missing, 0: then only completed writes count as progress.
   */
  #unsent(): number {
    const socket = this.#socket as HandledSocket;
    return (socket._parent ?? socket)._handle?.writeQueueSize ?? 0;
  }
}

interface HandledSocket {
  readonly _handle?: { readonly writeQueueSize?: number } | null;
  /** The connection that a TLS socket was made on. */
  readonly _parent?: HandledSocket | null;
}
