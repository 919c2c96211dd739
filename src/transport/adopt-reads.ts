import { type OnReadOpts, Socket } from 'node:net';
import { SMALL_READ } from './read-buffer.ts';

/**
 * Makes a socket that exists already read into memory of ours. A server's TLS socket cannot be given `onread` (its
 * constructor drops the option when it wraps a connection), though its handle is able to; so what the option would have
 * set is set here. It saves a tenth of a small request over TLS. False where this Node's sockets are not built as expected:
 * then the socket is to be read by its events.
 */
export function adoptReads(socket: Socket, onread: OnReadOpts): boolean {
  const handle = (socket as { _handle?: { useUserBuffer?(buffer: Uint8Array): void } })._handle;
  if (SLOTS === undefined || typeof handle?.useUserBuffer !== 'function') return false;
  const slots = socket as unknown as Record<symbol, unknown>;
  slots[SLOTS.buffer] = SMALL_READ;
  slots[SLOTS.generator] = onread.buffer;
  slots[SLOTS.callback] = onread.callback;
  handle.useUserBuffer(SMALL_READ);
  return true;
}

/**
 * Has the next read of a socket go elsewhere than it was told after the last one. False where that cannot be said: then the old place
 * holds.
 */
export function redirectRead(socket: Socket, buffer: Uint8Array): boolean {
  const handle = (socket as { _handle?: { useUserBuffer?(buffer: Uint8Array): void } })._handle;
  if (SLOTS === undefined || typeof handle?.useUserBuffer !== 'function') return false;
  (socket as unknown as Record<symbol, unknown>)[SLOTS.buffer] = buffer;
  handle.useUserBuffer(buffer);
  return true;
}

/** Where a socket keeps what `onread` gave it. */
const SLOTS = findSlots();

function findSlots(): { buffer: symbol; generator: symbol; callback: symbol } | undefined {
  const onread = { buffer: () => SMALL_READ, callback: () => true };
  const probe = new Socket({ onread }) as unknown as Record<symbol, unknown>;
  const symbols = Object.getOwnPropertySymbols(probe);
  const buffer = symbols.find((symbol) => symbol.description === 'kBuffer');
  const generator = symbols.find((symbol) => probe[symbol] === onread.buffer);
  const callback = symbols.find((symbol) => probe[symbol] === onread.callback);
  return buffer && generator && callback && { buffer, generator, callback };
}
