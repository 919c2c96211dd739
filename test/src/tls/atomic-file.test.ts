import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { makeDirectories, readIfPresent, writeAtomically } from '../../../src/tls/atomic-file.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

describe('writeAtomically', () => {
  it('replaces text and mode, and leaves nothing else behind', (test) => {
    const directory = temporaryDirectory(test);
    const file = join(directory, 'a.key');
    writeFileSync(file, 'old', { mode: 0o644 });

    writeAtomically(file, 'new', 0o600);

    assert.equal(readFileSync(file, 'utf8'), 'new');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(directory), ['a.key']);
  });

  it('makes the directories on the way', (test) => {
    const file = join(temporaryDirectory(test), 'a', 'b', 'c.pem');

    writeAtomically(file, 'text', 0o644);

    assert.equal(readFileSync(file, 'utf8'), 'text');
  });

  it('fails where no directory can be made', { skip: process.platform !== 'linux' }, () => {
    const script = `
      import { writeAtomically } from ${JSON.stringify(import.meta.resolve('../../../src/tls/atomic-file.ts'))};
      try { writeAtomically('/proc/none/a.pem', '', 0o600); } catch (error) { console.log(error.code, error.path); }`;

    // In a process of its own: one that tries without end could not be told to stop.
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 20_000,
    });

    assert.equal(said, 'ENOENT /proc/none\n');
  });

  it('takes its temporary file away when it fails', (test) => {
    const directory = temporaryDirectory(test);
    const occupied = join(directory, 'occupied');
    mkdirSync(join(occupied, 'inside'), { recursive: true });

    assert.throws(() => writeAtomically(occupied, 'text', 0o600));

    assert.deepEqual(readdirSync(directory), ['occupied']);
  });
});

describe('makeDirectories', () => {
  it('gives those that it makes a mode, and leaves the others alone', (test) => {
    const directory = temporaryDirectory(test);
    const mode = statSync(directory).mode;

    makeDirectories(join(directory, 'a', 'b'), 0o700);
    makeDirectories(directory, 0o755);

    assert.equal(statSync(join(directory, 'a')).mode & 0o777, 0o700);
    assert.equal(statSync(join(directory, 'a', 'b')).mode & 0o777, 0o700);
    assert.equal(statSync(directory).mode, mode);
  });

  it('fails where something else has the name', (test) => {
    const file = join(temporaryDirectory(test), 'file');
    writeFileSync(file, '');

    assert.throws(() => makeDirectories(file), { code: 'EEXIST' });
    assert.throws(() => makeDirectories(join(file, 'a')), { code: 'ENOTDIR' });
  });
});

describe('readIfPresent', () => {
  it('tells an absent file from one that cannot be read', (test) => {
    const directory = temporaryDirectory(test);

    assert.equal(readIfPresent(join(directory, 'absent')), undefined);
    assert.throws(() => readIfPresent(directory), { code: 'EISDIR' });
  });

  it('reads no device, and so waits for no pipe', () => {
    assert.throws(
      () => readIfPresent('/dev/null'),
      /^Error: \/dev\/null: it is a pipe, a socket or a device/,
    );
  });
});
