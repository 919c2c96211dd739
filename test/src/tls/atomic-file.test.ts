import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { readIfPresent, writeAtomically } from '../../../src/tls/atomic-file.ts';
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

  it('takes its temporary file away when it fails', (test) => {
    const directory = temporaryDirectory(test);
    const occupied = join(directory, 'occupied');
    mkdirSync(join(occupied, 'inside'), { recursive: true });

    assert.throws(() => writeAtomically(occupied, 'text', 0o600));

    assert.deepEqual(readdirSync(directory), ['occupied']);
  });
});

describe('readIfPresent', () => {
  it('tells an absent file from one that cannot be read', (test) => {
    const directory = temporaryDirectory(test);

    assert.equal(readIfPresent(join(directory, 'absent')), undefined);
    assert.throws(() => readIfPresent(directory), { code: 'EISDIR' });
  });
});
