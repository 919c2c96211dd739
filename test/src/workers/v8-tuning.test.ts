import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { START_FLAGS } from '../../../src/workers/v8-tuning.ts';

const MODULE = new URL('../../../src/workers/v8-tuning.ts', import.meta.url);

/** Tunes a process of its own and prints the priorities of V8's threads and of its loop: at once, and behind the time that is waited for. */
const WORKER = `
${look()}
let behind;
let wait;
globalThis.setTimeout = (callback, ms) => {
  behind = callback;
  wait = ms;
  return { unref() {} };
};
tuneV8();
const atOnce = look();
behind();
console.log(JSON.stringify({ atOnce, wait, later: look() }));
`;

/** The same of a primary, and whether garbage is gone. */
const PRIMARY = `
${look()}
import { runInNewContext } from 'node:vm';
const garbage = new WeakRef({});
setImmediate(() => {
  const before = garbage.deref() !== undefined;
  setImmediate(() => {
    standBehindWorkers();
    const gc = runInNewContext('typeof gc');
    console.log(JSON.stringify({ ...look(), before, after: garbage.deref() !== undefined, gc }));
  });
});
`;

/** Makes garbage, of which a twentieth stays until it is 36 MiB, and prints how often the old generation was collected. */
const FILL = `
import { constants, PerformanceObserver } from 'node:perf_hooks';
let collections = 0;
new PerformanceObserver((list) => {
  for (const { detail } of list.getEntries()) if (detail.kind !== constants.NODE_PERFORMANCE_GC_MINOR) collections += 1;
}).observe({ entryTypes: ['gc'] });
globalThis.kept = Array.from({ length: 36 * 1024 }, () => {
  for (let i = 0; i < 19; i += 1) new Array(128).fill(i);
  return new Array(128).fill(0);
});
setImmediate(() => setImmediate(() => console.log(collections)));
`;

const ONLY_LINUX = {
  skip: process.platform === 'linux' ? false : 'only Linux has priorities per thread',
};

test(
  'the compiler of a worker has two threads, which stand behind the loop once the worker is warm',
  ONLY_LINUX,
  () => {
    const { atOnce, wait, later } = JSON.parse(run(START_FLAGS, WORKER));

    const { loop } = atOnce;
    assert.deepEqual(atOnce, { loop, helpers: [loop, loop] });
    assert.equal(wait, 5000);
    assert.deepEqual(later, { loop, helpers: [19, 19] });
  },
);

test(
  'a primary collects its garbage when the workers serve, and its helpers stand behind them',
  ONLY_LINUX,
  () => {
    const { loop, helpers, before, after, gc } = JSON.parse(run([], PRIMARY));

    assert.deepEqual([before, after], [true, false]);
    assert.equal(gc, 'undefined');
    assert.ok(loop < 19);
    assert.ok(helpers.length > 0);
    for (const priority of helpers) assert.equal(priority, 19);
  },
);

test('the old generation of a worker is left alone while it is small', () => {
  const usual = START_FLAGS.filter((flag) => !flag.startsWith('--initial-old-space-size'));

  assert.notEqual(run(usual, FILL), '0\n');
  assert.equal(run(START_FLAGS, FILL), '0\n');
});

test('V8 knows all flags', () => {
  const run = `import { tuneV8 } from ${JSON.stringify(MODULE)}; tuneV8();`;
  const { status, stderr } = spawnSync(
    process.execPath,
    [...START_FLAGS, '--input-type=module', '--eval', run],
    { encoding: 'utf8' },
  );

  assert.equal(stderr, '');
  assert.equal(status, 0);
});

function run(flags: readonly string[], script: string): string {
  return execFileSync(process.execPath, [...flags, '--input-type=module', '--eval', script], {
    encoding: 'utf8',
  });
}

function look(): string {
  return `
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { standBehindWorkers, tuneV8 } from ${JSON.stringify(MODULE)};
const look = () => ({
  loop: getPriority(process.pid),
  helpers: readdirSync('/proc/self/task')
    .filter((thread) => readFileSync('/proc/self/task/' + thread + '/comm', 'latin1') === 'V8Worker\\n')
    .map((thread) => getPriority(Number(thread))),
});`;
}
