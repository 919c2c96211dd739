import cluster from 'node:cluster';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ONE_COMPILER_THREAD } from './compiler-thread.ts';
import type { OutputRelay } from './output-relay.ts';
import type { WorkerProcessPort } from './worker-handle.ts';

/**
 * Prepares node:cluster for workers that run `entry`, and returns what starts one. The cluster is used for its fallback:
 * where reusePort is missing, workers listen through a handle that all share.
 */
export function workerForker(relay: OutputRelay, entry: URL = ownEntry()): () => WorkerProcessPort {
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.setupPrimary({
    exec: fileURLToPath(entry),
    args: [],
    execArgv: [...process.execArgv, ...WORKER_FLAGS],
    // Settings hold undefined values, which JSON loses.
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  return () => {
    const worker = cluster.fork();
    if (worker.process.stdout !== null) relay.add(worker.process.stdout);
    return worker;
  };
}

/**
 * The collector works on the worker's own thread. With a worker for each core its helper threads have none of their own: they
 * take turns with the thread that waits for them, and answers come late. It costs no throughput (docs/benchmarks.md), but memory; the
 * bound of the young generation, 8 MiB in place of 16, gives that back.
 */
const WORKER_FLAGS: readonly string[] = [
  '--single-threaded-gc',
  '--max-semi-space-size=8',
  ONE_COMPILER_THREAD,
];

/** .ts in a checkout, .js in the package. */
function ownEntry(): URL {
  return new URL(`./worker${extname(import.meta.url)}`, import.meta.url);
}
