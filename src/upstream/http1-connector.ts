import type { PipeliningSettings, UpstreamTimeouts } from '../core/settings.ts';
import type { ClientTls } from '../tls/client-tls.ts';
import type { ConnectionOwner, Connector, Opening, Pipelining } from './connector.ts';
import { Dial } from './dial.ts';
import { Http1Connection } from './http1-connection.ts';

/** HTTP/1.1, one request at a time unless told otherwise; over TLS where there is any. */
export class Http1Connector implements Connector {
  readonly expectedRoom = 1;
  readonly onlyRequestFields: readonly string[] = ['connection', 'close'];
  readonly pipelining: Pipelining | undefined;
  readonly #tls: ClientTls | undefined;

  constructor(tls?: ClientTls, pipelining?: PipeliningSettings) {
    this.#tls = tls;
    this.pipelining = pipelining && { ...pipelining, tls };
  }

  get streamTls(): ClientTls | undefined {
    return this.#tls?.withoutAlpn();
  }

  open(owner: ConnectionOwner, timeouts: UpstreamTimeouts): Opening {
    return new Dial(
      owner,
      timeouts,
      this.#tls,
      (socket, reader) => new Http1Connection(socket, reader, owner, timeouts),
    );
  }
}
