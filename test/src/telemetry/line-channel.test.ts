import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, renameSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  BATCH_CHARACTERS,
  MAX_PENDING_CHARACTERS,
  openLineChannel,
} from '../../../src/telemetry/line-channel.ts';

test('writes all lines in order by the time it is closed', async () => {
  const file = temporaryFile();
  const channel = openLineChannel({ to: file });
  const lines = Array.from({ length: 5000 }, (_, i) => `line ${i} é\n`);

  for (const line of lines) channel.write(line);
  await channel.close();

  assert.equal(readFileSync(file, 'utf8'), lines.join(''));
});

test('gathers lines into batches', async () => {
  const file = temporaryFile();
  const channel = openLineChannel({ to: file });
  channel.write('short\n');
  assert.equal(readFileSync(file, 'utf8'), '');

  channel.write(`${'x'.repeat(BATCH_CHARACTERS)}\n`);
  await channel.close();

  assert.equal(readFileSync(file, 'utf8').length, BATCH_CHARACTERS + 7);
});

test('appends to a file that was there', async () => {
  const file = temporaryFile();
  for (const line of ['first\n', 'second\n']) {
    const channel = openLineChannel({ to: file });
    channel.write(line);
    await channel.close();
  }

  assert.equal(readFileSync(file, 'utf8'), 'first\nsecond\n');
});

test('goes on in a new file after the old one was moved away, and loses no line', async () => {
  const file = temporaryFile();
  const channel = openLineChannel({ to: file });

  channel.write('before\n');
  renameSync(file, `${file}.1`);
  channel.reopen();
  channel.write('after\n');
  await channel.close();

  assert.equal(readFileSync(`${file}.1`, 'utf8'), 'before\n');
  assert.equal(readFileSync(file, 'utf8'), 'after\n');
});

test('drops whole lines and counts them while nobody reads, and says so when somebody does', async () => {
  const fifo = unreadFifo();
  let told = 0;
  const drained = Promise.withResolvers<void>();
  const channel = openLineChannel({
    to: fifo.descriptor,
    onDropped: (lines) => {
      told += lines;
    },
    onDrain: drained.resolve,
  });
  const line = `${'x'.repeat(999)}\n`;
  const attempts = Math.ceil((MAX_PENDING_CHARACTERS * 1.5) / line.length);
  let wanted = true;

  for (let i = 0; i < attempts; i += 1) wanted = channel.write(line);
  const dropped = channel.dropped;
  const kept = (attempts - dropped) * line.length;
  const text = await fifo.read(kept);
  await drained.promise;

  assert.equal(wanted, false);
  assert.ok(kept > MAX_PENDING_CHARACTERS / 2 && kept < MAX_PENDING_CHARACTERS * 1.1, `${kept} bytes kept`);
  assert.ok(text === line.repeat(attempts - dropped), 'no line is torn');
  assert.equal(told, dropped);
});

test('closing does not wait for ever for a reader that has stopped reading', async () => {
  const fifo = unreadFifo();
  const channel = openLineChannel({ to: fifo.descriptor });
  channel.write('x'.repeat(1024 * 1024));

  await channel.close();

  // Frees the thread that is still writing.
  await fifo.read(1024 * 1024);
});

test('tells once that writing fails, counts the lines, and does not throw', async () => {
  const errors: Error[] = [];
  const channel = openLineChannel({ to: 1_000_000, onError: (error) => errors.push(error) });

  channel.write('a\n');
  channel.flush();
  channel.write('b\nc\n');
  await channel.close();

  assert.equal(channel.dropped, 3);
  assert.equal(errors.length, 1);
});

test('a line that a full disk has cut costs no line that comes when there is room again', () => {
  const file = temporaryFile();
  const script = `
    import { truncateSync } from 'node:fs';
    import { openLineChannel } from ${JSON.stringify(import.meta.resolve('../../../src/telemetry/line-channel.ts'))};
    const file = process.argv[1];
    const failed = Promise.withResolvers();
    const channel = openLineChannel({ to: file, onError: failed.resolve });
    channel.write('a'.repeat(299) + '\\n' + 'b'.repeat(9999) + '\\n');
    channel.flush();
    await failed.promise;
    const other = openLineChannel({ to: file });
    other.write('x\\n');
    await other.close();
    console.log(channel.dropped, other.dropped);
    truncateSync(file, 400);
    channel.write('c\\n');
    channel.write('d\\n');
    await channel.close();`;

  // A bound on the size of files fails as a full disk does, in the middle of a write.
  const run = spawnSync(
    'sh',
    [
      '-c',
      'trap "" XFSZ; ulimit -f 2; exec "$0" --input-type=module -e "$1" "$2"',
      process.execPath,
      script,
      file,
    ],
    { encoding: 'utf8' },
  );

  assert.equal(run.stderr, '');
  assert.equal(run.stdout, '1 1\n');
  const lines = readFileSync(file, 'utf8').split('\n');
  assert.deepEqual(lines, ['a'.repeat(299), 'b'.repeat(100), 'c', 'd', '']);
});

test('throws at once when a file cannot be opened', () => {
  assert.throws(() => openLineChannel({ to: '/nonexistent/access.log' }), /ENOENT/);
});

test('throws at once for a pipe that nobody reads, and writes to one that is read', async () => {
  const file = temporaryFile();
  assert.equal(spawnSync('mkfifo', [file]).status, 0);
  const script = `
    import { openLineChannel } from ${JSON.stringify(import.meta.resolve('../../../src/telemetry/line-channel.ts'))};
    try { openLineChannel({ to: process.argv[1] }); } catch (error) { console.log(error.code); }`;

  // In a process of its own: one that waits here could not be told to stop.
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', script, file], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  assert.equal(run.stdout, 'ENXIO\n');

  const reader = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  const channel = openLineChannel({ to: file });
  channel.write('read\n');
  await channel.close();
  assert.equal(readFileSync(reader, 'utf8'), 'read\n');
  closeSync(reader);
});

function temporaryFile(): string {
  return join(mkdtempSync(join(tmpdir(), 'portico-')), 'access.log');
}

interface Fifo {
  readonly descriptor: number;
  /** Begins to read; resolves when as many bytes have come. */
  read(bytes: number): Promise<string>;
}

/** A pipe that nobody reads until told to. */
function unreadFifo(): Fifo {
  const path = temporaryFile();
  assert.equal(spawnSync('mkfifo', [path]).status, 0);
  return {
    // For reading and writing: to open it only for writing would wait for a reader.
    descriptor: openSync(path, 'r+'),
    async read(bytes) {
      const handle = await open(path);
      let text = '';
      // Never more than what will come: a read that waits for ever would keep the process.
      while (text.length < bytes) {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(65_536, bytes - text.length)));
        text += buffer.toString('latin1', 0, bytesRead);
      }
      await handle.close();
      return text;
    },
  };
}
