import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { START_FLAGS } from '../../../src/workers/v8-tuning.ts';

const MODULE = new URL('../../../src/workers/v8-tuning.ts', import.meta.url);

/** Tunes a process of its own and prints the priorities of V8's threads and of its loop: before, and behind the time that is waited for. */
const SCRIPT = `
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { tuneV8 } from ${JSON.stringify(MODULE)};
const look = () => ({
  loop: getPriority(process.pid),
  compiler: readdirSync('/proc/self/task')
    .filter((thread) => readFileSync('/proc/self/task/' + thread + '/comm', 'latin1') === 'V8Worker\\n')
    .map((thread) => getPriority(Number(thread))),
});
let behind;
let wait;
globalThis.setTimeout = (callback, ms) => {
  behind = callback;
  wait = ms;
  return { unref() {} };
};
tuneV8();
const before = look();
behind();
console.log(JSON.stringify({ before, wait, after: look() }));
`;

test('the compiler of a worker has two threads, which stand behind the loop once the worker is warm', {
  skip: process.platform === 'linux' ? false : 'only Linux has priorities per thread',
}, () => {
  const output = execFileSync(process.execPath, [...START_FLAGS, '--input-type=module', '--eval', SCRIPT], {
    encoding: 'utf8',
  });

  const { before, wait, after } = JSON.parse(output);
  const { loop } = before;
  assert.deepEqual(before, { loop, compiler: [loop, loop] });
  assert.equal(wait, 5000);
  assert.deepEqual(after, { loop, compiler: [19, 19] });
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
