/** One request to a port, by either version of HTTP, and all there is to say about its answer. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect, type IncomingHttpHeaders } from 'node:http2';
import { Agent, request as requestTls } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { RequestLoad } from './load/load.ts';

export interface Answer {
  readonly status: number | undefined;
  /** Of the body. */
  readonly digest: string;
  /** The beginning of the body. */
  readonly text: string;
  /** As JSON. */
  readonly trailers: string;
  /** Without TLS empty; with it the version, and the protocol settled by ALPN for HTTP/2. */
  readonly protocol: string;
}

const TIMEOUT_MS = 5000;

/** Throws what the connection failed with. On TLS the version of HTTP is offered by ALPN, unless it goes through a `relay`. */
export function ask(load: RequestLoad, port: number, relay = false): Promise<Answer> {
  return load.version === 'h2' ? askHttp2(load, port) : askHttp1(load, port, relay ? [] : ['http/1.1']);
}

async function askHttp1(load: RequestLoad, port: number, protocols: string[]): Promise<Answer> {
  const { method, path, hosts, headers, body } = load;
  const options = {
    port,
    method,
    path,
    host: '127.0.0.1',
    servername: hosts[0],
    rejectUnauthorized: false,
    agent: load.tls ? new Agent({ ALPNProtocols: protocols }) : (false as const),
    headers: { ...headers, host: hosts[0], ...(body === '' ? {} : { 'content-length': body.length }) },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  };
  const outgoing = load.tls ? requestTls(options) : request(options);
  outgoing.end(body, 'latin1');
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  return {
    status: response.statusCode,
    ...(await readBody(response)),
    trailers: JSON.stringify(response.trailers),
    protocol: load.tls ? ((response.socket as TLSSocket).getProtocol() ?? '') : '',
  };
}

async function askHttp2(load: RequestLoad, port: number): Promise<Answer> {
  const { method, path, hosts, headers, body } = load;
  const session = connect(`${load.tls ? 'https' : 'http'}://127.0.0.1:${port}`, {
    servername: hosts[0] ?? '',
    rejectUnauthorized: false,
  });
  // The stream reports it.
  session.on('error', () => {});
  try {
    const pseudo = { ':method': method, ':path': path, ':authority': hosts[0] };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const stream = session.request({ ...pseudo, ...headers }, { endStream: body === '', signal });
    if (body !== '') stream.end(body, 'latin1');
    let trailers: IncomingHttpHeaders = {};
    stream.on('trailers', (received) => {
      trailers = received;
    });
    const [head] = (await once(stream, 'response')) as [IncomingHttpHeaders & { ':status'?: number }];
    return {
      status: head[':status'],
      ...(await readBody(stream)),
      trailers: JSON.stringify(trailers),
      protocol: load.tls ? `${(session.socket as TLSSocket).getProtocol()} ${session.alpnProtocol}` : '',
    };
  } finally {
    session.destroy();
  }
}

async function readBody(message: NodeJS.ReadableStream): Promise<{ digest: string; text: string }> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  return {
    digest: createHash('sha256').update(body).digest('hex'),
    text: body.toString('latin1', 0, 120).trim(),
  };
}
