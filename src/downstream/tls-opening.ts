import type { Buffer } from 'node:buffer';
import { TLSSocket, type TLSSocketOptions } from 'node:tls';
import { ClientHelloReader } from '../../protocols/tls/client-hello.ts';
import type { ClientHello } from '../../protocols/tls/client-hello-message.ts';
import { encodeAlert } from '../../protocols/tls/record.ts';
import { exchangeError } from '../core/errors.ts';
import { ACME_PROTOCOL } from '../tls/tls-challenges.ts';
import { Opening } from './opening.ts';
import { StreamSession } from './stream-session.ts';
import { TlsHandshake } from './tls-handshake.ts';

/**
 * A connection to a TLS listener: the ClientHello is read before anything is decided, then the socket with all its bytes
 * goes to OpenSSL under the certificate, versions and protocol of the host it asks for.
 */
export class TlsOpening extends Opening {
  readonly #hello = new ClientHelloReader();

  protected override judge(chunk: Buffer): void {
    const result = this.#hello.receive(chunk);
    switch (result.kind) {
      case 'need-more':
        return;
      case 'hello':
        this.#handshake(result.hello);
        return;
      case 'not-tls':
        if (result.looksLikeHttp)
          this.refuseAsHttp(exchangeError('malformed-request', 'plain HTTP on a TLS port: use https://'));
        else this.#alert(ALERT_UNEXPECTED_MESSAGE, 'the first bytes are neither TLS nor HTTP');
        return;
      case 'malformed':
        this.#alert(result.fault.alert, `${result.fault.rule}: ${result.fault.detail}`);
    }
  }

  #handshake(hello: ClientHello): void {
    const { session, front } = this;
    const challenge = front.tlsChallenges.find(hello);
    if (challenge !== undefined) {
      const tlsSocket = this.#secure({ secureContext: challenge, ALPNProtocols: [ACME_PROTOCOL] });
      new TlsHandshake(tlsSocket, session, front, hello, undefined);
      return;
    }
    const policy = front.tls!;
    if (policy.isPassthrough(hello.serverName, session)) {
      this.#passOn(hello.serverName);
      return;
    }
    if (!policy.canTerminate) {
      this.#alert(ALERT_UNRECOGNIZED_NAME, 'no certificate for this name, nor any other');
      return;
    }
    const choice = policy.choose(hello, session);
    if (choice.protocol === undefined) {
      this.#alert(ALERT_NO_APPLICATION_PROTOCOL, 'no protocol in common (ALPN)');
      return;
    }
    const tlsSocket = this.#secure({
      secureContext: choice.context,
      // Who shows none is refused by OpenSSL, with the alert; what is shown is judged when the handshake is over.
      requestCert: choice.clientAuth !== undefined,
      rejectUnauthorized: choice.clientAuth?.mode === 'require',
      ...(choice.stapler === undefined ? {} : { server: choice.stapler }),
      ...(choice.alpn === '' ? {} : { ALPNProtocols: [choice.alpn] }),
    });
    new TlsHandshake(tlsSocket, session, front, hello, choice);
  }

  /** Hands the socket to OpenSSL. */
  #secure(options: TLSSocketOptions): TLSSocket {
    const { socket } = this;
    this.release();
    // What was read goes back in front; the TLS socket takes it from there. (Documented: a net.Socket with buffered data.)
    socket.pause();
    socket.unshift(this.#hello.bytes());
    return new TLSSocket(socket, { isServer: true, ...options });
  }

  /** TLS is the instance's business: it gets what was read, and all that follows. */
  #passOn(serverName: string): void {
    const { socket, reader, session, front } = this;
    this.release();
    const origin = { way: 'passthrough', serverName, target: undefined } as const;
    new StreamSession(socket, reader, session, front, origin).begin(this.#hello.bytes());
  }

  #alert(description: number, detail: string): void {
    this.refuse(exchangeError('tls-handshake-failed', detail), encodeAlert(description).toString('latin1'));
  }
}

const ALERT_UNEXPECTED_MESSAGE = 10;
const ALERT_UNRECOGNIZED_NAME = 112;
const ALERT_NO_APPLICATION_PROTOCOL = 120;
