/** Before anything is measured: does the proxy give what the origin gives, and forward what its rivals forward? */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { request as requestTls } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { RequestLoad } from './load/load.ts';
import { ECHO_PATH } from './origin.ts';

export interface CheckedPorts {
  readonly plainPort: number;
  readonly tlsPort: number;
  readonly originPort: number;
}

interface Answer {
  readonly status: number | undefined;
  readonly digest: string;
  readonly text: string;
  /** TLS version, empty without. */
  readonly protocol: string;
}

const TIMEOUT_MS = 5000;

/** A sentence on the first thing that is wrong, undefined when nothing is. */
export async function findFault(load: RequestLoad, ports: CheckedPorts): Promise<string | undefined> {
  const port = load.tls ? ports.tlsPort : ports.plainPort;
  try {
    const wanted = await ask({ ...load, tls: false }, ports.originPort);
    const got = await ask(load, port);
    if (got.status !== wanted.status) return `status ${got.status} instead of ${wanted.status}: ${got.text}`;
    if (got.digest !== wanted.digest) return `a body that is not the origin's: ${got.text}`;
    if (load.tls && got.protocol !== 'TLSv1.3') return `${got.protocol} instead of TLSv1.3`;
    const head = await ask({ ...load, method: 'GET', bodyBytes: 0, path: ECHO_PATH }, port);
    const forwarded = `${load.hosts[0]} 127.0.0.1`;
    return head.text === forwarded ? undefined : `forwards ${head.text} instead of ${forwarded}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function ask(load: RequestLoad, port: number): Promise<Answer> {
  const { method, path, hosts, headers, bodyBytes } = load;
  const options = {
    port,
    method,
    path,
    host: '127.0.0.1',
    servername: hosts[0],
    rejectUnauthorized: false,
    agent: false,
    headers: { ...headers, host: hosts[0], ...(bodyBytes > 0 ? { 'content-length': bodyBytes } : {}) },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  };
  const outgoing = load.tls ? requestTls(options) : request(options);
  outgoing.end('x'.repeat(bodyBytes));
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  return {
    status: response.statusCode,
    digest: createHash('sha256').update(body).digest('hex'),
    text: body.toString('latin1', 0, 120).trim(),
    protocol: load.tls ? ((response.socket as TLSSocket).getProtocol() ?? '') : '',
  };
}
