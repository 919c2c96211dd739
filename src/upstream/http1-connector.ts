import type { UpstreamTimeouts } from '../core/settings.ts';
import type { ConnectionOwner, Connector } from './connector.ts';
import { Http1Connection } from './http1-connection.ts';

/** HTTP/1.1, one request at a time. */
export class Http1Connector implements Connector {
  readonly expectedRoom = 1;
  readonly onlyRequestFields: readonly string[] = ['connection', 'close'];

  open(owner: ConnectionOwner, timeouts: UpstreamTimeouts): Http1Connection {
    return new Http1Connection(owner, timeouts);
  }
}
