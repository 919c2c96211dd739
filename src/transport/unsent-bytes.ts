import type { Socket } from 'node:net';

/**
 * What the kernel has not taken yet of the writes in progress, bytes. Node tells a write's end but not its progress; libuv's
 * queue does, through an undocumented handle. Where it is missing, 0: then only completed writes count as progress.
 */
export function unsentBytes(socket: Socket): number {
  const handle = (socket as { _handle?: { writeQueueSize?: number } })._handle;
  return handle?.writeQueueSize ?? 0;
}
