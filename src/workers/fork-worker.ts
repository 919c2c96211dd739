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
    const worker = cluster.fork(withMallocCache(process.env));
    if (worker.process.stdout !== null) relay.add(worker.process.stdout);
    return worker;
  };
}

/**
 * The environment of a worker, with a larger cache of freed memory for glibc. OpenSSL allocates a thousand small pieces for a handshake; the
 * cache holds seven of each size, and behind it glibc takes the piece that was freed longest ago. With 10,000 certificates in
 * memory that one is far off, and to touch it costs a twelfth of a handshake. At most 33 MiB lie in the cache. Other libraries ignore it.
 */
export function withMallocCache({ GLIBC_TUNABLES: own }: NodeJS.ProcessEnv): { GLIBC_TUNABLES: string } {
  // The last of a name counts: what the user says.
  return { GLIBC_TUNABLES: own ? `${MALLOC_CACHE}:${own}` : MALLOC_CACHE };
}

const MALLOC_CACHE = 'glibc.malloc.tcache_count=1000';

/** .ts in a checkout, .js in the package. */
function ownEntry(): URL {
  return new URL(`./worker${extname(import.meta.url)}`, import.meta.url);
}
