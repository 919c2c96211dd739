import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createAccessLogChannel } from '../../../src/telemetry/access-log-channel.ts';
import type { LineChannel } from '../../../src/telemetry/line-channel.ts';

test('off builds and writes nothing', () => {
  const { stdout, lines } = recordedStdout();

  const channel = createAccessLogChannel({ kind: 'off' }, stdout, {});

  assert.equal(channel.enabled, false);
  channel.write('x\n');
  assert.deepEqual(lines, []);
});

test('stdout shares the channel of the process and does not close it', async () => {
  const { stdout, lines, closed } = recordedStdout();
  const channel = createAccessLogChannel({ kind: 'stdout' }, stdout, {});

  channel.write('x\n');
  await channel.close();

  assert.deepEqual(lines, ['x\n']);
  assert.equal(closed(), false);
});

test('goes over to another target with the next line', async () => {
  const { stdout, lines } = recordedStdout();
  const file = join(mkdtempSync(join(tmpdir(), 'portico-')), 'access.log');
  const channel = createAccessLogChannel({ kind: 'stdout' }, stdout, {});

  channel.write('first\n');
  channel.retarget({ kind: 'file', file });
  channel.write('second\n');
  await channel.close();

  assert.deepEqual(lines, ['first\n']);
  assert.equal(readFileSync(file, 'utf8'), 'second\n');
});

test('keeps the old target when the new one cannot be opened', () => {
  const { stdout, lines } = recordedStdout();
  const channel = createAccessLogChannel({ kind: 'stdout' }, stdout, {});

  assert.throws(
    () => channel.retarget({ kind: 'file', file: '/nonexistent/access.log' }),
    /^Error: the access log cannot be opened: .*: no such file or directory$/,
  );
  channel.write('x\n');

  assert.deepEqual(lines, ['x\n']);
});

function recordedStdout(): { stdout: LineChannel; lines: string[]; closed: () => boolean } {
  const lines: string[] = [];
  let closed = false;
  const stdout: LineChannel = {
    dropped: 0,
    write(line) {
      lines.push(line);
      return true;
    },
    flush() {},
    flushSync() {},
    reopen() {},
    close() {
      closed = true;
      return Promise.resolve();
    },
  };
  return { stdout, lines, closed: () => closed };
}
