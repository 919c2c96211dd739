import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Both ends of a large transfer, in a process of their own, so that the memory of the process that forks it is that of the
 * front end alone. Told `{ port, bytes }` it posts as many bytes through that port, then gets as many, and tells how many
 * arrived.
 */
export interface BulkOrder {
  readonly port: number;
  readonly bytes: number;
}

export interface BulkResult {
  /** Bytes that came to the origin, and back to the client. */
  readonly up: number;
  readonly down: number;
}

const PIECE = Buffer.alloc(65_536, 'The body of a large transfer. ');

const origin = createServer((incoming, response) => {
  if (incoming.method === 'POST') {
    void count(incoming).then((bytes) => response.end(String(bytes)));
  } else {
    const bytes = Number(incoming.headers['x-bytes']);
    response.writeHead(200, { 'content-length': bytes });
    void send(response, bytes);
  }
});
origin.listen(0, '127.0.0.1', () => process.send!({ port: (origin.address() as AddressInfo).port }));
process.on('message', (order: BulkOrder) => void transfer(order).then((result) => process.send!(result)));
process.on('disconnect', () => process.exit());

async function transfer({ port, bytes }: BulkOrder): Promise<BulkResult> {
  const target = { host: '127.0.0.1', port, agent: false as const };
  const post = request({
    ...target,
    method: 'POST',
    headers: { host: 'shop.example', 'content-length': bytes },
  });
  void send(post, bytes);
  const [answer] = (await once(post, 'response')) as [IncomingMessage];
  const up = Number(await textOf(answer));
  const get = request({ ...target, headers: { host: 'shop.example', 'x-bytes': bytes } });
  get.end();
  const [download] = (await once(get, 'response')) as [IncomingMessage];
  return { up, down: await count(download) };
}

async function send(target: ServerResponse | ReturnType<typeof request>, bytes: number): Promise<void> {
  for (let left = bytes; left > 0; left -= PIECE.length) {
    if (!target.write(left < PIECE.length ? PIECE.subarray(0, left) : PIECE)) await once(target, 'drain');
  }
  target.end();
}

async function count(source: IncomingMessage): Promise<number> {
  let bytes = 0;
  source.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  await once(source, 'end');
  return bytes;
}

async function textOf(source: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  source.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(source, 'end');
  return Buffer.concat(chunks).toString();
}
