import cluster from 'node:cluster';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OutputRelay } from './output-relay.ts';
import { START_FLAGS } from './v8-tuning.ts';
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
    execArgv: [...process.execArgv, ...START_FLAGS],
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

/** .ts in a checkout, .js in the package. */
function ownEntry(): URL {
  return new URL(`./worker${extname(import.meta.url)}`, import.meta.url);
}
