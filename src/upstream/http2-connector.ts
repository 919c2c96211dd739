import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { MAX_CLIENT_STREAMS } from '../../protocols/http2/limits.ts';
import type { UpstreamTimeouts } from '../core/settings.ts';
import type { ClientTls } from '../tls/client-tls.ts';
import type { SocketReader } from '../transport/socket-reader.ts';
import type { ConnectionOwner, Connector, Opening, PooledConnection } from './connector.ts';
import { Dial } from './dial.ts';
import { Http1Connection } from './http1-connection.ts';
import { Http2Connection } from './http2-connection.ts';

/**
 * HTTP/2: without TLS by prior knowledge, with TLS by ALPN. An instance that chooses HTTP/1.1 there is spoken to so where that was
 * offered, and is none where it was not.
 */
export class Http2Connector implements Connector {
  readonly expectedRoom: number = MAX_CLIENT_STREAMS;
  readonly onlyRequestFields: readonly string[] = [];
  readonly #tls: ClientTls | undefined;

  constructor(tls?: ClientTls) {
    this.#tls = tls;
  }

  get streamTls(): ClientTls | undefined {
    return this.#tls?.withoutAlpn();
  }

  open(owner: ConnectionOwner, timeouts: UpstreamTimeouts): Opening {
    return new Dial(owner, timeouts, this.#tls, (socket, reader) =>
      this.#begin(socket, reader, owner, timeouts),
    );
  }

  #begin(
    socket: Socket,
    reader: SocketReader,
    owner: ConnectionOwner,
    timeouts: UpstreamTimeouts,
  ): PooledConnection | string | undefined {
    const scheme = this.#tls === undefined ? 'http' : 'https';
    if (this.#tls === undefined || (socket as TLSSocket).alpnProtocol === 'h2') {
      new Http2Connection(socket, reader, owner, timeouts, scheme);
      return undefined;
    }
    // Who knows no ALPN speaks what was spoken before there was any.
    if (this.#tls.alpn.includes('http/1.1')) return new Http1Connection(socket, reader, owner, timeouts);
    return 'the instance does not speak HTTP/2 (ALPN)';
  }
}
