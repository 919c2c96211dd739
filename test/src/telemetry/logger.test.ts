import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { LineChannel } from '../../../src/telemetry/line-channel.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { prettyLine } from '../../../src/telemetry/pretty-line.ts';
import { prettyLineChannel } from '../../../src/telemetry/pretty-line-channel.ts';

test('writes one JSON line per event and flushes it', () => {
  const lines: string[] = [];
  let flushes = 0;
  const logger = createLogger('info', { write: (line) => lines.push(line), flush: () => (flushes += 1) });

  logger.info({ port: 8080 }, 'listening');

  const { time, ...record } = JSON.parse(lines[0]!);
  assert.deepEqual(record, { level: 'info', pid: process.pid, port: 8080, msg: 'listening' });
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.ok(lines[0]!.endsWith('}\n'));
  assert.equal(flushes, 1);
});

test('leaves out what is below its level, which can change', () => {
  const lines: string[] = [];
  const logger = createLogger('warn', { write: (line) => lines.push(line), flush() {} });

  logger.info({}, 'one');
  logger.setLevel('debug');
  logger.debug({}, 'two');
  logger.setLevel('silent');
  logger.error({}, 'three');

  assert.deepEqual(
    lines.map((line) => JSON.parse(line).msg),
    ['two'],
  );
});

test('the form for people shows time, level, message and fields', () => {
  const line =
    '{"level":"warn","time":"2026-11-20T12:04:31.120Z","pid":7,"file":"a.yaml","msg":"not reloaded"}\n';

  assert.equal(stripVTControlCharacters(prettyLine(line)), '12:04:31.120 warn  not reloaded file=a.yaml\n');
});

test('the form for people shows an access-log line in one glance', () => {
  const line =
    '{"type":"access","time":"2026-11-20T12:04:31.120Z","method":"GET","host":"shop.example.org","path":"/cart","status":502,' +
    '"bytesOut":12,"timings":{"total":3.1},"instance":"127.0.0.1:9001","error":"connect-failed","detail":"refused"}\n';

  assert.equal(
    stripVTControlCharacters(prettyLine(line)),
    '12:04:31.120 GET shop.example.org/cart 502 12 B 3.1 ms 127.0.0.1:9001 connect-failed: refused\n',
  );
});

test('the form for people shows who was refused before there was a request', () => {
  const refused = (more: object): string => {
    const time = '2026-11-20T12:04:31.120Z';
    const record = {
      type: 'refused',
      time,
      session: 7,
      client: '192.0.2.7:51234',
      listener: ':8443',
      ...more,
    };
    return stripVTControlCharacters(prettyLine(JSON.stringify(record)));
  };

  assert.equal(
    refused({ status: 400, error: 'malformed-request', detail: 'no\ncolon' }),
    '12:04:31.120 refused 192.0.2.7:51234 :8443 400 malformed-request: no\ufffdcolon\n',
  );
  assert.equal(
    refused({ status: 0, sni: 'shop.example.org', error: 'tls-handshake-failed', detail: 'closed' }),
    '12:04:31.120 refused 192.0.2.7:51234 shop.example.org --- tls-handshake-failed: closed\n',
  );
});

test('the form for people lets no client steer the terminal', () => {
  const line =
    '{"type":"access","time":"2026-11-20T12:04:31.120Z","method":"GET","host":"a","path":"/\\u001b[2J\\u009b2J","status":200,"bytesOut":0}\n';

  const shown = stripVTControlCharacters(prettyLine(line));

  assert.ok(shown.includes('/\ufffd[2J\ufffd2J'), JSON.stringify(shown));
});

test('the form for people leaves foreign lines as they are', () => {
  for (const line of ['plain text\n', '{"a":1}\n', '{broken\n']) assert.equal(prettyLine(line), line);
});

test('the form for people is made of each line of a batch, and passes on what the channel says', () => {
  const written: string[] = [];
  const channel = {
    write(lines: string) {
      written.push(lines);
      return false;
    },
  } as LineChannel;
  const event = '{"level":"info","time":"2026-11-20T12:04:31.120Z","msg":"up"}\n';

  const wantsMore = prettyLineChannel(channel).write(`${event}plain\n${event}`);

  const shown = '12:04:31.120 info  up\n';
  assert.equal(stripVTControlCharacters(written.join('')), `${shown}plain\n${shown}`);
  assert.equal(wantsMore, false);
});

test('a report of several lines is shown as such, and what a client chose is not', () => {
  const event = {
    level: 'error',
    time: '2026-11-20T12:04:31.120Z',
    msg: 'not reloaded',
    report: 'a:1:2: bad\n  ^\n',
  };
  const access = {
    type: 'access',
    time: event.time,
    method: 'GET',
    host: 'h',
    path: '/\n12:04 info forged',
    status: 200,
  };

  assert.equal(
    stripVTControlCharacters(prettyLine(JSON.stringify(event))),
    '12:04:31.120 error not reloaded report=a:1:2: bad\n      ^\n',
  );
  assert.equal(stripVTControlCharacters(prettyLine(JSON.stringify(access))).split('\n').length, 2);
});
