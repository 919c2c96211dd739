import { Buffer } from 'node:buffer';
import type { Peer } from './peer.ts';

/** Somebody whose progress can be looked at. */
export interface Sender {
  /** Bytes that have left for the kernel. */
  sentBytes(): number;
}

/** A response of `size` octets, written as fast as it is taken. */
export function sendResponse(peer: Peer, size: number): Sender {
  peer.socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`);
  return sendBytes(peer, size);
}

/** So many octets, as fast as they are taken. */
export function sendBytes({ socket }: Peer, size: number): Sender {
  let left = size;
  const pump = () => {
    while (left > 0) {
      const piece = CHUNK.subarray(0, left);
      left -= piece.length;
      if (!socket.write(piece)) return;
    }
  };
  socket.on('drain', pump);
  pump();
  return { sentBytes: () => socket.bytesWritten - socket.writableLength };
}

/** A response body without an end, as fast as it is taken. */
export function sendForever(peer: Peer): void {
  peer.send('HTTP/1.1 200 OK\r\n\r\n');
  const pump = () => {
    while (!peer.hasEnded && peer.socket.write(CHUNK));
  };
  peer.socket.on('drain', pump);
  pump();
}

/** Sends one octet after the other until told to stop. */
export function dribble(peer: Peer, bytes: Buffer | string): () => void {
  let at = 0;
  const timer = setInterval(() => {
    if (peer.hasEnded || at === bytes.length) clearInterval(timer);
    else peer.send(bytes.slice(at, ++at));
  }, 20);
  return () => clearInterval(timer);
}

/** Waits until a sender makes no progress any more; gives what it has sent. */
export async function stalled(sender: Sender): Promise<number> {
  for (;;) {
    const sent = sender.sentBytes();
    await new Promise((resolve) => setTimeout(resolve, 300));
    if (sender.sentBytes() === sent) return sent;
  }
}

const CHUNK = Buffer.alloc(65_536);
