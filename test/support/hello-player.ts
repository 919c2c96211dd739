import { Buffer } from 'node:buffer';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { PATIENCE_MS } from './peer.ts';

/** How a server answers the opening of a connection. */
export type HelloAnswer =
  /** It went on with the handshake; up to TLS 1.2 it shows whose certificate it serves. */
  | { readonly kind: 'server-hello'; readonly subject: string | undefined }
  | { readonly kind: 'alert'; readonly description: number }
  /** A status line in clear text. */
  | { readonly kind: 'http'; readonly status: number }
  /** The end of the connection and not a byte before it. */
  | { readonly kind: 'closed' };

export interface PlayOptions {
  /** End our direction behind the last piece, as clients do that give up. */
  readonly ends?: boolean;
}

/** Sends `pieces`, each in a segment of its own, and waits for the answer. A server that says nothing for ten seconds is an error. */
export async function playHello(
  port: number,
  pieces: readonly Uint8Array[],
  { ends = false }: PlayOptions = {},
): Promise<HelloAnswer> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true });
  const { promise, resolve, reject } = Promise.withResolvers<HelloAnswer>();
  const patience = setTimeout(() => reject(new Error('the server says nothing')), PATIENCE_MS);
  let answer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    answer = Buffer.concat([answer, chunk]);
    const read = readAnswer(answer);
    if (read !== undefined) resolve(read);
  });
  socket.on('end', () => resolve({ kind: 'closed' }));
  // A reset ends the connection as well as a FIN does.
  socket.on('error', () => resolve({ kind: 'closed' }));
  try {
    await once(socket, 'connect');
    for (const piece of pieces) {
      socket.write(piece);
      // The server, in the same process or another, reads it before there is more.
      await new Promise((next) => setImmediate(next));
    }
    if (ends) socket.end();
    return await promise;
  } finally {
    clearTimeout(patience);
    socket.destroy();
  }
}

export function describeAnswer(answer: HelloAnswer): string {
  switch (answer.kind) {
    case 'server-hello':
      return answer.subject ?? 'server hello';
    case 'alert':
      return `alert ${answer.description}`;
    case 'http':
      return `http ${answer.status}`;
    case 'closed':
      return 'closed';
  }
}

const ALERT = 21;
const HANDSHAKE = 22;
const SERVER_HELLO = 2;
const CERTIFICATE = 11;

/** Undefined while it is not clear yet. */
function readAnswer(bytes: Buffer): HelloAnswer | undefined {
  const status = /^HTTP\/1\.1 (\d{3}) /.exec(bytes.toString('latin1', 0, 20))?.[1];
  if (status !== undefined) return { kind: 'http', status: Number(status) };
  if (bytes.length < 7) return undefined;
  if (bytes[0] === ALERT) return { kind: 'alert', description: bytes[6]! };
  if (bytes[0] !== HANDSHAKE) throw new Error(`no TLS: ${bytes.toString('hex', 0, 16)}`);
  const { message, isOver } = handshakeBytes(bytes);
  if (message.length === 0 || message[0] !== SERVER_HELLO) return undefined;
  const certificate = findMessage(message, CERTIFICATE);
  if (certificate !== undefined) {
    const length = certificate.readUIntBE(3, 3);
    const { subject } = new X509Certificate(certificate.subarray(6, 6 + length));
    return { kind: 'server-hello', subject };
  }
  // From TLS 1.3 on the certificate is not shown to strangers.
  return isOver ? { kind: 'server-hello', subject: undefined } : undefined;
}

/** The plain handshake messages at the beginning; `isOver`: a record of another type follows. */
function handshakeBytes(bytes: Buffer): { readonly message: Buffer; readonly isOver: boolean } {
  const parts: Buffer[] = [];
  let at = 0;
  while (at + 5 <= bytes.length && bytes[at] === HANDSHAKE) {
    const end = at + 5 + bytes.readUInt16BE(at + 3);
    if (end > bytes.length) break;
    parts.push(bytes.subarray(at + 5, end));
    at = end;
  }
  return { message: Buffer.concat(parts), isOver: at < bytes.length && bytes[at] !== HANDSHAKE };
}

/** The body of the first whole message of a type. */
function findMessage(messages: Buffer, type: number): Buffer | undefined {
  let at = 0;
  while (at + 4 <= messages.length) {
    const end = at + 4 + messages.readUIntBE(at + 1, 3);
    if (end > messages.length) return undefined;
    if (messages[at] === type) return messages.subarray(at + 4, end);
    at = end;
  }
  return undefined;
}
