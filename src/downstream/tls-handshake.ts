import type { Buffer } from 'node:buffer';
import type { TLSSocket } from 'node:tls';
import type { ClientHello } from '../../protocols/tls/client-hello-message.ts';
import { type ExchangeError, exchangeError } from '../core/errors.ts';
import type { PendingSession, SessionWaiter } from '../core/pending-session.ts';
import type { Session } from '../core/session.ts';
import type { FrontProtocol } from '../core/settings.ts';
import { clientIdentity } from '../tls/client-identity.ts';
import { handshakeErrorReason } from '../tls/handshake-error.ts';
import type { TlsChoice } from '../tls/tls-policy.ts';
import { isOldCipher } from '../tls/tls-profile.ts';
import { watchEnd } from '../transport/announced-end.ts';
import { Deadline, type Expiring } from '../transport/deadlines.ts';
import { SocketReader } from '../transport/socket-reader.ts';
import { DRAIN_GRACE_MS, type Driver, type Front } from './front.ts';
import { beginProtocol } from './protocol-choice.ts';

/**
 * A TLS handshake in progress, from the ClientHello to the negotiated protocol.
 *
 *   shaking hands ─► [handshake] ─► the protocol's driver
 */
export class TlsHandshake implements Driver, Expiring, SessionWaiter {
  readonly isBusy = false;
  readonly #tlsSocket: TLSSocket;
  readonly session: Session;
  readonly #front: Front;
  readonly #hello: ClientHello;
  readonly #choice: TlsChoice | undefined;
  readonly #deadline: Deadline;
  readonly #onError = (error: unknown): void => this.#failed(handshakeErrorReason(error));
  readonly #onEnd = (): void => this.#ended();
  readonly #onClose = (): void => this.#failed('closed');
  #over = false;
  /** A module thinks about the session. Node reads on meanwhile, into the socket's own buffer, as far as that goes: 64 KiB. */
  #pending: PendingSession | undefined = undefined;
  /** Meanwhile the client of a stream has ended its direction. */
  #hasEnded = false;
  /** It was all that was wanted: an end is none before its time. */
  #isShown = false;

  /** `choice` undefined: nothing is to be spoken; the handshake itself was all that the client wanted (RFC 8737, section 3). */
  constructor(
    tlsSocket: TLSSocket,
    session: Session,
    front: Front,
    hello: ClientHello,
    choice: TlsChoice | undefined,
  ) {
    this.#tlsSocket = tlsSocket;
    this.session = session;
    this.#front = front;
    this.#hello = hello;
    this.#choice = choice;
    this.#deadline = new Deadline(front.deadlines, this);
    this.#deadline.set(
      front.deadlines.after(front.draining ? DRAIN_GRACE_MS : front.timeouts.clientHeaderMs),
    );
    front.drivers.add(this);
    // The raw socket's errors come by the TLS socket, which listens to them.
    tlsSocket.on('error', this.#onError);
    // OpenSSL would wait for ever for the rest of a handshake whose client has ended its direction.
    tlsSocket.on('end', this.#onEnd);
    tlsSocket.on('close', this.#onClose);
    tlsSocket.once('secure', () => {
      try {
        this.#secured();
      } catch (error) {
        // A fault of ours costs this connection, never the process.
        front.internalError(error);
        tlsSocket.destroy();
      }
    });
  }

  drain(): void {
    // The time of a module is the module's, as with a request.
    if (this.#pending === undefined) this.#deadline.set(this.#front.deadlines.after(DRAIN_GRACE_MS));
  }

  destroy(): void {
    this.#close();
  }

  expire(): void {
    this.#failed('handshake-timeout');
  }

  #secured(): void {
    if (this.#over) return;
    const tlsSocket = this.#tlsSocket;
    if (this.#choice === undefined) {
      this.#isShown = true;
      tlsSocket.end(() => this.destroy());
      return;
    }
    const { protocol, alpn, certificateHosts, clientAuth } = this.#choice;
    const client = clientAuth && clientIdentity(tlsSocket, clientAuth);
    const cipher = tlsSocket.getCipher()?.name ?? '';
    this.session.tls = {
      serverName: this.#hello.serverName,
      alpn,
      version: tlsSocket.getProtocol() ?? '',
      cipher,
      resumed: tlsSocket.isSessionReused(),
      certificateHosts,
      isOldCipher: isOldCipher(cipher),
      client,
    };
    if (client?.isVerified === false && client.asked.mode === 'require') {
      this.#failed(client.reason);
      return;
    }
    const answer = this.#front.handler.secured(this.session);
    if (answer.kind === 'continue') this.#begin(protocol!, undefined);
    else if (answer.kind === 'close') this.destroy();
    else {
      if (protocol === 'stream') watchEnd(tlsSocket);
      this.#deadline.clear();
      this.#pending = answer;
      answer.begin(this);
    }
  }

  /** What has come while a module thought stands in the socket's buffer; what comes from here on is read as ever. */
  answered(mayGoOn: boolean): void {
    // Its end is on its way to us.
    if (this.#tlsSocket.destroyed) return;
    this.#pending = undefined;
    if (!mayGoOn) {
      this.destroy();
      return;
    }
    const { readableLength } = this.#tlsSocket;
    this.#begin(this.#choice!.protocol!, readableLength > 0 ? this.#tlsSocket.read() : undefined);
  }

  /** Whoever has the connection by now hears of its end. */
  answerCrashed(): void {
    this.#tlsSocket.destroy();
  }

  /** `bytes` were read already. */
  #begin(protocol: FrontProtocol, bytes: Buffer | undefined): void {
    this.#release();
    const reader = new SocketReader();
    reader.listen(this.#tlsSocket);
    reader.watch(this.#tlsSocket);
    beginProtocol(protocol, this.#tlsSocket, reader, this.session, this.#front, bytes);
    if (this.#hasEnded) reader.receiver.ended();
  }

  #ended(): void {
    if (this.#pending !== undefined && this.#choice?.protocol === 'stream') this.#hasEnded = true;
    else this.#failed('client-gone');
  }

  #release(): void {
    this.#over = true;
    this.#pending?.leave();
    this.#deadline.cancel();
    this.#front.drivers.delete(this);
    this.#tlsSocket.off('error', this.#onError);
    this.#tlsSocket.off('end', this.#onEnd);
    this.#tlsSocket.off('close', this.#onClose);
  }

  #failed(reason: string): void {
    if (this.#over) return;
    if (this.#isShown) {
      this.#close();
      return;
    }
    if (this.#pending === undefined) this.#report(exchangeError('tls-handshake-failed', reason));
    else if (this.#tlsSocket.readableLength > 0)
      this.#report(
        exchangeError('client-gone', 'the client closed the connection before a module let it in'),
      );
    this.#close();
  }

  #report(error: ExchangeError): void {
    const session = this.session;
    session.error = error;
    this.#front.telemetry.requestRefused(session);
    this.#front.handler.refused(session);
  }

  #close(): void {
    if (this.#over) return;
    this.#release();
    const session = this.session;
    session.bytesIn = this.#tlsSocket.bytesRead;
    session.bytesOut = this.#tlsSocket.bytesWritten;
    session.become('closed');
    this.#tlsSocket.on('error', ignore);
    this.#tlsSocket.destroy();
    this.#front.telemetry.sessionClosed(session);
    this.#front.handler.closed(session);
  }
}

function ignore(): void {}
