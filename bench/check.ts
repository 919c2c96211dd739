/** Before anything is measured: does the proxy give what the origin gives, and forward what its rivals forward? */
import { ask } from './ask.ts';
import type { RequestLoad } from './load/load.ts';
import { ECHO_PATH } from './origin.ts';
import type { Front } from './peers/peer.ts';

export interface CheckedPorts {
  readonly plainPort: number;
  readonly tlsPort: number;
  readonly originPort: number;
}

/** A sentence on the first thing that is wrong with a front, undefined when nothing is. */
export async function findFault(
  load: RequestLoad,
  ports: CheckedPorts,
  { clients, origin }: Pick<Front, 'clients' | 'origin'>,
): Promise<string | undefined> {
  const isRelay = clients === 'stream';
  const port = load.tls ? ports.tlsPort : ports.plainPort;
  const protocol = load.version === 'h2' ? 'TLSv1.3 h2' : 'TLSv1.3';
  try {
    const wanted = await ask({ ...load, tls: false, version: origin }, ports.originPort);
    const got = await ask(load, port, isRelay);
    if (got.status !== wanted.status) return `status ${got.status} instead of ${wanted.status}: ${got.text}`;
    if (got.digest !== wanted.digest) return `a body that is not the origin's: ${got.text}`;
    if (got.trailers !== wanted.trailers) return `trailers ${got.trailers} instead of ${wanted.trailers}`;
    if (load.tls && got.protocol !== protocol) return `${got.protocol} instead of ${protocol}`;
    const head = await ask({ ...load, method: 'GET', body: '', path: ECHO_PATH }, port, isRelay);
    // A relay adds nothing.
    const forwarded = isRelay ? load.hosts[0] : `${load.hosts[0]} 127.0.0.1`;
    return head.text === forwarded ? undefined : `forwards ${head.text} instead of ${forwarded}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
