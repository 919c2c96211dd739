import type { Socket } from 'node:net';

/** Whether a peer takes what is written to it, however slowly: asked when a write has not ended within its time. */
export class WriteProgress {
  readonly #socket: Socket;
  #takenBefore = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** From here on is counted. */
  mark(): void {
    this.#takenBefore = this.#taken();
  }

  /** Whether the peer has taken anything since the mark. */
  get hasAdvanced(): boolean {
    return this.#taken() > this.#takenBefore;
  }

  /**
   * What the kernel has taken so far, bytes, counted from anywhere. Node tells a write's end but not its progress; libuv's queue
   * does, through an undocumented handle; over TLS that of the connection below, for a TLS handle counts whole writes. The queue
   * alone would not do: behind a write that has ended the next one fills it again. Where the handle is missing, 0.
   */
  #taken(): number {
    const socket = this.#socket as HandledSocket;
    const handle = (socket._parent ?? socket)._handle;
    return (handle?.bytesWritten ?? 0) - (handle?.writeQueueSize ?? 0);
  }
}

interface HandledSocket {
  readonly _handle?: { readonly writeQueueSize?: number; readonly bytesWritten?: number } | null;
  /** The connection that a TLS socket was made on. */
  readonly _parent?: HandledSocket | null;
}
