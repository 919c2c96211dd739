import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import type { BulkOrder, BulkResult } from './bulk-load.ts';
import { plainConfig, startFront } from './front.ts';

/** What the front end may need for a transfer beyond what it has at rest, however long the transfer. */
const MAX_GROWTH_BYTES = 64 * 1024 * 1024;

/** Sends `bytes` through a front end in each direction; all must arrive, and its memory must not grow with them. */
export async function assertFlatMemory(t: TestContext, bytes: number): Promise<void> {
  const load = fork(new URL('bulk-load.ts', import.meta.url));
  t.after(() => load.disconnect());
  const [{ port: originPort }] = (await once(load, 'message')) as [{ port: number }];
  const front = await startFront(t, plainConfig([`127.0.0.1:${originPort}`]));
  const atRest = memoryInUse();
  let growth = 0;
  const sampler = setInterval(() => {
    growth = Math.max(growth, memoryInUse() - atRest);
  }, 20);

  load.send({ port: front.port(), bytes } satisfies BulkOrder);
  const [result] = (await once(load, 'message')) as [BulkResult];
  clearInterval(sampler);

  assert.deepEqual(result, { up: bytes, down: bytes });
  assert.deepEqual(
    front.exchanges.map(({ bytesIn, bytesOut, error }) => [bytesIn, bytesOut >= bytes, error]),
    [
      [bytes, false, undefined],
      [0, true, undefined],
    ],
  );
  assert.ok(growth < MAX_GROWTH_BYTES, `grew by ${(growth / 1_048_576).toFixed(1)} MiB`);
  t.diagnostic(`grew by ${(growth / 1_048_576).toFixed(1)} MiB`);
}

function memoryInUse(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
