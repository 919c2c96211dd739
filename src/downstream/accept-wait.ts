import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import type { ErrorName } from '../core/errors.ts';
import type { PendingSession, SessionWaiter } from '../core/pending-session.ts';
import type { Session } from '../core/session.ts';
import type { ListenerSettings } from '../core/settings.ts';
import type { SocketReader } from '../transport/socket-reader.ts';
import type { Front } from './front.ts';
import { Opening } from './opening.ts';

/**
 * A connection that was accepted, and that a module thinks about. Nothing that comes is looked at; the first of it is kept, because who
 * does not read does not notice that the client is gone. The time that this takes is the module's, and has the module's bound: the
 * client's begins behind it, and a server that stops gives it what it gives a request.
 */
export class AcceptWait extends Opening implements SessionWaiter {
  protected override readonly failure: ErrorName = 'client-gone';
  readonly #pending: PendingSession;
  readonly #settings: Pick<ListenerSettings, 'tls' | 'stream'>;
  readonly #next: (bytes: Buffer, mayGoOn: boolean) => void;
  #kept: Buffer = NOTHING;
  #hasEnded = false;

  /** `next` takes the connection over, with what has come of it (valid for good), and closes it where it may not go on. */
  constructor(
    socket: Socket,
    reader: SocketReader,
    session: Session,
    front: Front,
    pending: PendingSession,
    settings: Pick<ListenerSettings, 'tls' | 'stream'>,
    next: (bytes: Buffer, mayGoOn: boolean) => void,
  ) {
    super(socket, reader, session, front);
    this.#pending = pending;
    this.#settings = settings;
    this.#next = next;
    this.deadline.clear();
    pending.begin(this);
  }

  override drain(): void {}

  override destroy(): void {
    this.#pending.leave();
    super.destroy();
  }

  override received(bytes: Buffer, length: number): boolean {
    super.received(bytes, length);
    if (this.#kept.length < MAX_KEPT_BYTES) return true;
    this.socket.pause();
    return false;
  }

  protected override judge(chunk: Buffer): void {
    this.#kept = Buffer.concat([this.#kept, chunk]);
  }

  /** Who has sent what it wanted may have its answer yet; over TLS nobody can have sent that. */
  override ended(): void {
    const { tls, stream } = this.#settings;
    this.#hasEnded = stream !== undefined || (!tls && this.#kept.length > 0);
    if (!this.#hasEnded) super.ended();
  }

  override closed(): void {
    this.#pending.leave();
    super.closed();
  }

  answered(mayGoOn: boolean): void {
    // Its end is on its way to us.
    if (this.socket.destroyed) return;
    this.release();
    // One that was not read on is from here on, unless who has it next wants something else.
    if (mayGoOn && this.#kept.length >= MAX_KEPT_BYTES) this.socket.resume();
    this.#next(this.#kept, mayGoOn);
    if (mayGoOn && this.#hasEnded) this.reader.receiver.ended();
  }

  /** Whoever has the connection by now hears of its end. */
  answerCrashed(): void {
    this.socket.destroy();
  }

  protected override abandoned(): void {
    super.abandoned('the client closed the connection before a module let it in');
  }
}

const NOTHING: Buffer = Buffer.alloc(0);

/** What is kept of a client, in bytes: at most one read of 8 KiB more. A ClientHello or the head of a request, and something behind it. */
const MAX_KEPT_BYTES = 16_384;
