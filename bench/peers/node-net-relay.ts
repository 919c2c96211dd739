/** The plainest useful relay on node:net and node:tls; started by the benchmark as a process of its own. */
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { createServer as createTlsServer } from 'node:tls';

interface Settings {
  readonly plainPort: number;
  readonly tlsPort: number;
  readonly originPort: number;
  readonly cert: string;
  readonly key: string;
}

const { plainPort, tlsPort, originPort, cert, key } = JSON.parse(process.argv[2] ?? '{}') as Settings;
const secrets = { cert: readFileSync(cert), key: readFileSync(key), minVersion: 'TLSv1.3' as const };
const options = { noDelay: true, allowHalfOpen: true };

createServer(options, relay).listen(plainPort, '127.0.0.1', 4096);
createTlsServer({ ...secrets, ...options }, relay).listen(tlsPort, '127.0.0.1', 4096);
process.on('SIGTERM', () => process.exit(0));

/** A side that fails takes the other with it. */
function relay(client: Socket): void {
  const origin = connect({ host: '127.0.0.1', port: originPort, ...options });
  pipeline(client, origin, () => {});
  pipeline(origin, client, () => {});
}
