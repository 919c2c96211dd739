import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/** Flags of a worker that leave V8's compiler one thread, where it would have four and take four turns to the loop's one. */
export const ONE_COMPILER_THREAD = '--v8-pool-size=1';

/**
 * Lets V8's compiler have what the loop of this process leaves of its core. It works when code has become hot, or no longer fits what comes:
 * beside a worker that has a core for itself it stood in the way of requests for up to 15 ms (docs/benchmarks.md). Where the
 * core is full the loop still gives it some 3 %, so that what runs slowly because it is not compiled does not stay so.
 *
 * Only Linux has priorities per thread. Elsewhere, and where threads are not to be seen, all stays as it is.
 */
export function yieldToLoop(): void {
  if (process.platform !== 'linux') return;
  try {
    for (const thread of readdirSync('/proc/self/task')) {
      const name = readFileSync(`/proc/self/task/${thread}/comm`, 'latin1');
      // For a thread, the system takes its number in place of the process's.
      if (name.trimEnd() === COMPILER_THREAD) setPriority(Number(thread), COMPILER_NICE);
    }
  } catch {
    // Without /proc, or for a thread that has ended meanwhile: it is no fault to work at the usual priority.
  }
}

/** What Node calls threads of V8's platform. Workers collect garbage on their own thread, so that only the compiler needs them. */
const COMPILER_THREAD = 'V8Worker';

/**
 * With 19 a worker that starts under full load needs four seconds to become fast, with 15 two, and with 0 one; with 10 and less the
 * compiler may keep a thread that has woken waiting for a whole time slice.
 */
const COMPILER_NICE = 15;
