import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../support/http2-command.ts';
import { sha256, startHttp2Site } from '../support/http2-site.ts';

// python3-h2 as a client: another reading of the RFC, and one that sends what is illegal when its checks are off.

/** Debian's, which has its packages; another Python on the PATH may not. */
const PYTHON = '/usr/bin/python3';
const CLIENT = fileURLToPath(new URL('h2-python-client.py', import.meta.url));
const hasH2 = spawnSync(PYTHON, ['-c', 'import h2']).status === 0;
const options = { skip: hasH2 ? false : 'SKIPPED: python3-h2 is not installed' };

/** What must come of each illegal thing; `forwarded` requests have reached the backend. */
const ILLEGAL: readonly {
  readonly name: string;
  readonly lines: readonly string[];
  readonly forwarded?: number;
}[] = [
  { name: 'upper_case', lines: ['reset 1 PROTOCOL_ERROR', 'alive'] },
  { name: 'connection_field', lines: ['reset 1 PROTOCOL_ERROR', 'alive'] },
  { name: 'line_feed', lines: ['reset 1 PROTOCOL_ERROR', 'alive'] },
  { name: 'no_path', lines: ['reset 1 PROTOCOL_ERROR', 'alive'] },
  { name: 'late_pseudo', lines: ['reset 1 PROTOCOL_ERROR', 'alive'] },
  { name: 'wrong_length', lines: ['reset 1 PROTOCOL_ERROR', 'alive'] },
  { name: 'neighbours', lines: ['reset 3 PROTOCOL_ERROR', '1 200 ', '5 200 ', 'alive'], forwarded: 2 },
  { name: 'data_behind_the_end', lines: ['goaway STREAM_CLOSED', '1 200 ', 'closed'], forwarded: 1 },
  { name: 'idle_stream', lines: ['goaway PROTOCOL_ERROR', 'closed'] },
  { name: 'even_stream', lines: ['goaway PROTOCOL_ERROR', 'closed'] },
  { name: 'window_overflow', lines: ['goaway FLOW_CONTROL_ERROR', 'closed'] },
];

test('python3-h2 sends twenty bodies at once and gets an answer to each', options, async (t) => {
  const site = await startHttp2Site(t);
  const body = Buffer.alloc(200_000, 'x');

  const { code, output } = await runCommand(PYTHON, [CLIENT, `${site.plainPort}`, 'good']);

  const answer = `200 ${body.length} ${sha256(body)} {}`;
  const expected = Array.from({ length: 20 }, (_, i) => `${1 + 2 * i} ${answer}`);
  assert.deepEqual(output.trim().split('\n'), [...expected, 'alive']);
  assert.equal(code, 0);
});

for (const { name, lines, forwarded = 0 } of ILLEGAL) {
  test(`python3-h2 without its checks: ${name.replaceAll('_', ' ')}`, options, async (t) => {
    const site = await startHttp2Site(t);

    const { output } = await runCommand(PYTHON, [CLIENT, `${site.plainPort}`, name]);

    assert.deepEqual(output.replace(/\n$/, '').split('\n'), lines);
    assert.equal(site.asked.length, forwarded);
  });
}
