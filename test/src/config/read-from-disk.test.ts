import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../../../src/config/load.ts';
import { readFromDisk } from '../../../src/config/read-from-disk.ts';
import { fileMark } from '../../../src/core/file-mark.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const MAIN = fileURLToPath(import.meta.resolve('../../../src/main.ts'));
const NAMED = ['certificates', 0, 'cert'] as const;

for (const bytes of [0, 1, 65_535, 65_536, 65_537, 200_000]) {
  test(`reads a file of ${bytes} bytes as octets where it is named`, (t) => {
    const file = written(t, Buffer.alloc(bytes, Buffer.from([0x41, 0xff, 0x00, 0xc3, 0xa9])));

    assert.equal(readFromDisk(file, NAMED), readFileSync(file, 'latin1'));
  });
}

test('reads the configuration itself as text', (t) => {
  assert.equal(readFromDisk(written(t, Buffer.from('é'))), 'é');
});

test('says that a configuration is not UTF-8', (t) => {
  for (const text of [Buffer.from('# é', 'latin1'), Buffer.from('\ufeff# é', 'utf16le')]) {
    const result = loadConfig(written(t, text));
    assert.deepEqual(result.ok || result.problems.map(({ message }) => message), [
      'cannot be read: it is not UTF-8',
    ]);
  }
});

test('does not wait for a pipe, or read a device, that is named', {
  skip: process.platform === 'win32',
}, (t) => {
  const pipe = join(temporaryDirectory(t), 'pipe');
  execFileSync('mkfifo', [pipe]);
  const script = `
    import { readFromDisk } from ${JSON.stringify(import.meta.resolve('../../../src/config/read-from-disk.ts'))};
    for (const file of process.argv.slice(1)) {
      try { readFromDisk(file, ['certificates', 0, 'cert']); } catch (error) { console.log(error.message); }
    }`;

  // In a process of its own: one that waits here could not be told to stop.
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script, pipe, '/dev/zero'], {
    encoding: 'utf8',
    timeout: 20_000,
  });

  const sentence = 'it is a pipe, a socket or a device, and must be a regular file\n';
  assert.equal(said, sentence.repeat(2));
});

test('does not wait for a pipe that is included', { skip: process.platform === 'win32' }, (t) => {
  const directory = temporaryDirectory(t);
  const file = join(directory, 'main.yaml');
  execFileSync('mkfifo', [join(directory, 'pipe.yaml')]);
  writeFileSync(file, 'include: pipe.yaml');

  const { status, stderr } = spawnSync(process.execPath, [MAIN, 'check', '-c', file], {
    encoding: 'utf8',
    timeout: 20_000,
  });

  assert.equal(status, 2);
  assert.match(stderr, /main\.yaml:1:10: cannot read .*pipe\.yaml: it is a pipe, a socket or a device/);
});

test('waits for a pipe that is the configuration, as one of the shell is', {
  skip: process.platform === 'win32',
}, () => {
  const script = `"$0" "$1" check -c <(sleep 0.3; echo 'listen: [{ address: "127.0.0.1:1" }]')`;

  const said = execFileSync('bash', ['-c', script, process.execPath, MAIN], { encoding: 'utf8' });

  assert.match(said, /: ok \(1 listener/);
});

test('reads what is included as text', (t) => {
  const file = written(t, Buffer.from('é'.repeat(50_000)));

  assert.equal(readFromDisk(file, ['include', 0]), 'é'.repeat(50_000));
  assert.throws(() => readFromDisk(written(t, Buffer.from('é', 'latin1')), ['include']), {
    code: 'ERR_ENCODING_INVALID_ENCODED_DATA',
  });
});

test('notes the mark of a file that has rested, and of no other', (t) => {
  const file = written(t, Buffer.from('x'));
  const noted: string[] = [];
  const read = (): string => readFromDisk(file, NAMED, (mark) => noted.push(mark));

  assert.equal(read(), 'x');
  assert.deepEqual(noted, [], 'it may change again without another mark');
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() + 10_000 });
  assert.equal(read(), 'x');
  assert.deepEqual(noted, [fileMark(statSync(file, { bigint: true }))]);
});

test('a mark is another one after every change', (t) => {
  const file = written(t, Buffer.from('x'));
  const mark = (): string => fileMark(statSync(file, { bigint: true }));
  const seen = new Set([mark()]);

  appendFileSync(file, 'y');
  seen.add(mark());
  utimesSync(file, 1, 1);
  seen.add(mark());
  writeFileSync(`${file}.new`, 'xy');
  utimesSync(`${file}.new`, 1, 1);
  renameSync(`${file}.new`, file);
  seen.add(mark());

  assert.equal(seen.size, 4);
});

test('fails as node:fs does', (t) => {
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, 'sub'));

  assert.throws(() => readFromDisk(join(directory, 'none'), NAMED), { code: 'ENOENT' });
  assert.throws(() => readFromDisk(join(directory, 'sub'), NAMED), { code: 'EISDIR' });
});

function written(t: TestContext, content: Buffer): string {
  const file = join(temporaryDirectory(t), 'file');
  writeFileSync(file, content);
  return file;
}
