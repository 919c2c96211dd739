import { readdirSync, readFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * What a worker's V8 is started with. Both its helpers, collector and compiler, expect cores of their own; with a worker for each core
 * there are none, and they take turns with the loop that requests wait for.
 *
 * The collector works on the worker's own thread. That costs no throughput (docs/benchmarks.md), but memory; the bound of the young
 * generation, 8 MiB in place of 16, gives that back. It has that size at all times: V8 would shrink it when nothing happens, and
 * collect four times as often in the minutes that follow. The old generation is collected when it has reached 64 MiB, or when nothing
 * happens: V8 would begin at 24, in the first minute of a worker, and have two thirds of its thread for 30 to 80 ms. So only the compiler
 * still needs threads: two, in place of four.
 */
export const START_FLAGS: readonly string[] = [
  '--single-threaded-gc',
  '--min-semi-space-size=8',
  '--max-semi-space-size=8',
  '--initial-old-space-size=64',
  '--v8-pool-size=2',
];

/** What can only be done by the process itself, at its start. */
export function tuneV8(): void {
  for (const flag of KEEP_SHAPES) setFlagsFromString(flag);
  setTimeout(lowerHelpers, WARM_UP_MS).unref();
}

/**
 * What the primary does when the workers serve. It has little to do from now on, but shares their cores: V8 would collect what loading has
 * left within the next minute, for 30 ms and on several threads, and requests would wait for it.
 */
export function standBehindWorkers(): void {
  lowerHelpers();
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  setFlagsFromString('--no-expose-gc');
}

/**
 * A worker without connections has no object left of many kinds, and a collection that V8 does when nothing happens (the memory reducer)
 * then forgets their shapes, and with them all machine code for them: the next requests would be slow until all is compiled
 * again. It still collects, but the shapes of our classes stay.
 */
const KEEP_SHAPES = ['--no-memory-reducer-favors-memory', '--retain-maps-for-n-gc=1000'];

/**
 * Lets the compiler have what the loop leaves of its core: it stood in the way of requests for up to 15 ms when code had become
 * hot, or did not fit any more what came (docs/benchmarks.md). Where the core is full it still gets some 3 %, so that what is slow
 * because it is not compiled does not stay so. The primary's collector has such threads too.
 *
 * Only Linux has priorities per thread. Elsewhere, and where threads are not to be seen, all stays as it is.
 */
function lowerHelpers(): void {
  if (process.platform !== 'linux') return;
  try {
    for (const thread of readdirSync('/proc/self/task')) {
      const name = readFileSync(`/proc/self/task/${thread}/comm`, 'latin1');
      // The system takes the number of a thread in place of that of a process.
      if (name.trimEnd() === V8_THREAD) setPriority(Number(thread), constants.priority.PRIORITY_LOW);
    }
  } catch {
    // Without /proc, or for a thread that has ended meanwhile: it is no fault to work at the usual priority.
  }
}

/** What Node calls threads of V8's platform. */
const V8_THREAD = 'V8Worker';

/**
 * A worker that starts under full load is to become fast soon: it needs a second, and four with a compiler that has to stand back.
 * What waits for the compiler also takes memory, up to 40 MB: at nice 5 already as much as a tenth of 2,000 idle connections.
 */
const WARM_UP_MS = 5000;
