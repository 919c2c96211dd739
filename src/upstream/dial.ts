import type { Socket } from 'node:net';
import { type ErrorName, type ExchangeError, exchangeError } from '../core/errors.ts';
import type { UpstreamTimeouts } from '../core/settings.ts';
import { backendTlsReason } from '../tls/backend-tls-reason.ts';
import type { ClientTls } from '../tls/client-tls.ts';
import { Deadline, type Deadlines, type Expiring } from '../transport/deadlines.ts';
import { SocketReader, type SocketReceiver } from '../transport/socket-reader.ts';
import { connectPlain, connectTls } from './connect-socket.ts';
import type { Opening } from './connector.ts';

/**
 * Makes a connection of a socket that stands; it is the reader's receiver from then on. Or says what is wrong with what TLS has
 * settled. Undefined: the connection tells the owner itself what became of it, because its protocol must agree first.
 */
export type BeginConnection<C extends object> = (
  socket: Socket,
  reader: SocketReader,
) => C | string | undefined;

/** Who wants a connection: told what became of it, once. */
export interface DialOwner<C extends object> {
  readonly address: { readonly host: string; readonly port: number };
  readonly deadlines: Deadlines;
  /** Reports an exception of our own code, which cost a connection. */
  readonly internalError: (error: unknown) => void;
  connected(connection: C): void;
  connectFailed(error: ExchangeError): void;
}

/**
 * A connection to an instance that is being opened, until the socket stands, TLS included:
 *
 *   connecting ─► (handshake) ─► connected      any ─► failed, cancelled
 */
export class Dial<C extends object> implements Opening, SocketReceiver, Expiring {
  readonly inBulk = false;
  readonly #owner: DialOwner<C>;
  readonly #timeoutMs: number;
  readonly #begin: BeginConnection<C>;
  readonly #socket: Socket;
  readonly #reader = new SocketReader();
  readonly #deadline: Deadline;
  #phase: 'connecting' | 'handshake' | 'over' = 'connecting';

  constructor(
    owner: DialOwner<C>,
    timeouts: UpstreamTimeouts,
    tls: ClientTls | undefined,
    begin: BeginConnection<C>,
  ) {
    const { address, deadlines } = owner;
    this.#owner = owner;
    this.#timeoutMs = timeouts.connectMs;
    this.#begin = begin;
    this.#deadline = new Deadline(deadlines, this);
    this.#deadline.set(deadlines.after(timeouts.connectMs));
    const reader = this.#reader;
    reader.receiver = this;
    const socket =
      tls === undefined ? connectPlain(address, reader.onread) : connectTls(address, reader.onread, tls);
    this.#socket = socket;
    if (tls !== undefined) {
      socket.on('connect', () => {
        this.#phase = 'handshake';
      });
    }
    socket.on(tls === undefined ? 'connect' : 'secureConnect', () => reader.guard(() => this.#connected()));
    reader.watch(socket);
  }

  cancel(): void {
    if (this.#phase === 'over') return;
    this.#phase = 'over';
    this.#deadline.cancel();
    this.#socket.destroy();
  }

  expire(): void {
    const missing = this.#phase === 'handshake' ? 'TLS handshake' : 'connection';
    this.#fail('connect-timeout', `no ${missing} within ${this.#timeoutMs} ms`);
  }

  /** An instance that speaks before the handshake is over is OpenSSL's business. */
  received(): boolean {
    return true;
  }

  ended(): void {
    this.closed('ended');
  }

  drained(): void {}

  closed(cause: string): void {
    if (this.#phase === 'connecting') this.#fail('connect-failed', cause);
    else this.#fail('backend-tls-failed', backendTlsReason(cause));
  }

  crashed(error: unknown): void {
    this.#owner.internalError(error);
    this.#fail('connect-failed', 'an internal error');
  }

  #connected(): void {
    if (this.#phase === 'over') return;
    const connection = this.#begin(this.#socket, this.#reader);
    if (typeof connection === 'string') {
      this.#fail('backend-tls-failed', connection);
      return;
    }
    this.#phase = 'over';
    this.#deadline.cancel();
    if (connection !== undefined) this.#owner.connected(connection);
  }

  #fail(name: ErrorName, detail: string): void {
    if (this.#phase === 'over') return;
    this.cancel();
    this.#owner.connectFailed(exchangeError(name, detail));
  }
}
