import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FileWatch } from '../../../src/renewal/file-watch.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

// Each waits for the change that it has caused. Without a watch the poll would tell of it too, but only after ten seconds.
const PATIENCE = { timeout: 8_000 };

test('sees a file that is written into', PATIENCE, async (t) => {
  const { file, next } = await watched(t, (file) => writeFileSync(file, 'old'));

  writeFileSync(file, 'new');

  await next();
});

test('sees a file that is renamed over', PATIENCE, async (t) => {
  const { file, next } = await watched(t, (file) => writeFileSync(file, 'old'));

  for (let i = 0; i < 2; i++) {
    writeFileSync(`${file}.tmp`, `new ${i}`);
    renameSync(`${file}.tmp`, file);
    await next();
  }
});

test('sees a link that is swapped, as Kubernetes does, time and again', PATIENCE, async (t) => {
  const { directory, next } = await watched(t, (file, directory) => {
    release(directory, 0);
    symlinkSync('..data/tls.crt', file);
  });

  for (let i = 1; i <= 2; i++) {
    release(directory, i);
    rmSync(join(directory, `..release-${i - 1}`), { recursive: true });
    await next();
  }
});

test('sees a file in a directory that is made anew', PATIENCE, async (t) => {
  const root = temporaryDirectory(t);
  const directory = join(root, 'certs');
  const { next } = await watched(
    t,
    (file) => {
      mkdirSync(directory);
      writeFileSync(file, 'old');
    },
    directory,
  );

  rmSync(directory, { recursive: true });
  mkdirSync(directory);
  writeFileSync(join(directory, 'tls.crt'), 'new');
  await next();
  writeFileSync(join(directory, 'tls.crt'), 'newer');
  await next();
});

test('a storm of changes is told at most once a second', PATIENCE, async (t) => {
  const { file, next, told } = await watched(t, (file) => writeFileSync(file, 'old'));
  const before = told.length;

  for (let i = 0; i < 50; i++) {
    writeFileSync(file, `new ${i}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await next();
  writeFileSync(file, 'last');
  await next();

  const times = told.slice(before);
  for (let i = 1; i < times.length; i++) assert.ok(times[i]! - times[i - 1]! > 900, `${times}`);
  assert.ok(times.length <= 4, `${times.length} times`);
});

test('other files of the directory are no news', PATIENCE, async (t) => {
  const { file, directory, next, told } = await watched(t, (file) => writeFileSync(file, 'old'));
  const before = told.length;

  writeFileSync(join(directory, 'other'), 'x');
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.equal(told.length, before);

  writeFileSync(file, 'new');
  await next();
});

/** What Kubernetes does to renew a secret: a new directory, and the link to it renamed over the old one. */
function release(directory: string, n: number): void {
  mkdirSync(join(directory, `..release-${n}`));
  writeFileSync(join(directory, `..release-${n}`, 'tls.crt'), `release ${n}`);
  symlinkSync(`..release-${n}`, join(directory, '..data_tmp'));
  renameSync(join(directory, '..data_tmp'), join(directory, '..data'));
}

/** A watch that has told of the first look. `next` resolves when a change is told that was not waited for yet. */
async function watched(
  t: TestContext,
  prepare: (file: string, directory: string) => void,
  directory: string = temporaryDirectory(t),
): Promise<{ file: string; directory: string; told: number[]; next: () => Promise<void> }> {
  const file = join(directory, 'tls.crt');
  prepare(file, directory);
  const told: number[] = [];
  let waited = 0;
  let wake = (): void => {};
  const watch = new FileWatch({
    changed() {
      told.push(performance.now());
      wake();
    },
    degraded: (reason) => assert.fail(reason),
  });
  t.after(() => watch.close());
  // The watch alone does not keep the process.
  const alive = setInterval(() => {}, 1_000);
  t.after(() => clearInterval(alive));
  const next = async (): Promise<void> => {
    while (told.length <= waited) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    waited = told.length;
  };
  watch.follow([file]);
  await next();
  return { file, directory, told, next };
}
