import assert from 'node:assert/strict';
import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { linkDirectories } from '../../../src/renewal/link-directories.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

test('of a plain file it is the directory that it is in', (t) => {
  const root = directory(t);

  assert.deepEqual(found(root, 'tls.crt'), ['']);
  assert.deepEqual(found(root, 'tls.crt', 'tls.key'), ['']);
});

test('of a Kubernetes secret it is the directory of the swapped link, and the one behind', (t) => {
  const root = directory(t);
  mkdirSync(join(root, '..2026'));
  writeFileSync(join(root, '..2026/tls.crt'), 'x');
  symlinkSync('..2026', join(root, '..data'));
  symlinkSync('..data/tls.crt', join(root, 'tls.crt'));

  assert.deepEqual(found(root, 'tls.crt'), ['', '..2026']);
});

test('of a link to another directory both count', (t) => {
  const root = directory(t);
  mkdirSync(join(root, 'live'));
  mkdirSync(join(root, 'archive'));
  symlinkSync('../archive/cert1.pem', join(root, 'live/cert.pem'));

  assert.deepEqual(found(root, 'live/cert.pem'), ['archive', 'live']);
});

test('of a directory that is a link it is the parent too', (t) => {
  const root = directory(t);
  mkdirSync(join(root, 'v1'));
  symlinkSync(join(root, 'v1'), join(root, 'current'));

  assert.deepEqual(found(root, 'current/tls.crt'), ['', 'v1']);
});

for (const [what, others] of [
  ['few others', 10],
  ['far more than those', 5000],
] as const) {
  test(`of many files among ${what}, each link counts`, (t) => {
    const root = directory(t);
    const names = Array.from({ length: 100 }, (_, i) => `${i}.pem`);
    for (const [i, name] of names.entries()) {
      if (i % 25 !== 3) writeFileSync(join(root, name), 'x');
      else {
        mkdirSync(join(root, `v${i}`));
        symlinkSync(`v${i}/cert.pem`, join(root, name));
      }
    }
    for (let i = 0; i < others; i++) writeFileSync(join(root, `other-${i}`), '');

    assert.deepEqual(found(root, ...names, 'not-there.pem'), ['', 'v28', 'v3', 'v53', 'v78']);
  });
}

test('many files behind a directory that is a link, and behind a circle', (t) => {
  const root = directory(t);
  mkdirSync(join(root, 'v1'));
  symlinkSync('v1', join(root, 'current'));
  symlinkSync('a', join(root, 'b'));
  symlinkSync('b', join(root, 'a'));
  const names = Array.from({ length: 50 }, (_, i) => [`current/${i}.pem`, `a/${i}.pem`]).flat();

  assert.deepEqual(found(root, ...names), ['', 'v1']);
});

test('a circle of links ends', (t) => {
  const root = directory(t);
  symlinkSync('b', join(root, 'a'));
  symlinkSync('a', join(root, 'b'));

  assert.deepEqual(found(root, 'a'), ['']);
});

function directory(t: TestContext): string {
  return realpathSync(temporaryDirectory(t));
}

/** Relative to `root`, in order of name. */
function found(root: string, ...files: string[]): string[] {
  return [...linkDirectories(files.map((file) => join(root, file)))]
    .map((path) => path.slice(root.length + 1))
    .toSorted();
}
