import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { withMallocCache, workerForker } from '../../../src/workers/fork-worker.ts';
import type { OutputRelay } from '../../../src/workers/output-relay.ts';

test('a worker collects garbage on its own thread, and keeps the flags of its primary', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'portico-fork-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const entry = join(directory, 'entry.mjs');
  writeFileSync(entry, 'process.stdout.write(JSON.stringify(process.execArgv)); process.disconnect();');
  const own = process.execArgv;
  process.execArgv = [...own, '--no-warnings'];
  t.after(() => {
    process.execArgv = own;
  });

  const flags = await new Promise<string[]>((resolve) => {
    const relay = {
      add(output: NodeJS.ReadableStream) {
        let text = '';
        output.setEncoding('utf8');
        output.on('data', (chunk: string) => {
          text += chunk;
        });
        output.on('end', () => resolve(JSON.parse(text)));
      },
    } as Pick<OutputRelay, 'add'>;
    workerForker(relay as OutputRelay, pathToFileURL(entry))();
  });

  assert.ok(flags.includes('--single-threaded-gc'), flags.join(' '));
  assert.ok(flags.includes('--no-warnings'), flags.join(' '));
});

test("a worker's cache of freed memory is large, unless the user says otherwise", () => {
  assert.deepEqual(withMallocCache({}), { GLIBC_TUNABLES: 'glibc.malloc.tcache_count=1000' });
  assert.deepEqual(withMallocCache({ GLIBC_TUNABLES: 'glibc.malloc.tcache_count=7' }), {
    GLIBC_TUNABLES: 'glibc.malloc.tcache_count=1000:glibc.malloc.tcache_count=7',
  });
});
