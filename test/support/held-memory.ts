import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** What is still held outside of the heap of JavaScript once garbage is gone, bytes; and inside. */
export function heldMemory(): { readonly buffers: number; readonly heap: number } {
  // The second time for what finalizers of the first have let go of.
  collect();
  collect();
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return { buffers: arrayBuffers, heap: heapUsed };
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
