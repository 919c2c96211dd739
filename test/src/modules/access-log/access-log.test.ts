import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RequestHeadFields } from '../../../../protocols/http/message.ts';
import { ResponseHead, UNKNOWN_LENGTH } from '../../../../protocols/http/message.ts';
import type { FinishedExchange, FinishedStream } from '../../../../src/core/callback-points.ts';
import type { Clock } from '../../../../src/core/clock.ts';
import { exchangeError } from '../../../../src/core/errors.ts';
import { createAccessLog } from '../../../../src/modules/access-log/access-log.ts';
import { finishedExchange, requestFacts, session } from '../../../support/finished-exchange.ts';
import { finishedStream } from '../../../support/finished-stream.ts';

/** 12.5 ms after the fixture's exchange began. */
const clock: Clock = { now: () => 1012.5, wall: () => Date.parse('2026-11-20T12:04:31.120Z') };

test('a module that has answered is named by its place', () => {
  assert.equal(JSON.parse(lineOf({ answeredBy: 'modules[0]' })).module, 'modules[0]');
  assert.equal(JSON.parse(lineOf({})).module, undefined);
});

test('tags stand in the line, of each name the last', () => {
  const line = lineOf({ facts: requestFacts({}, { tags: ['kind', 'human', 'a', '"', 'kind', 'robot'] }) });

  assert.deepEqual(JSON.parse(line).tags, { kind: 'robot', a: '"' });
  assert.equal(JSON.parse(lineOf({ facts: requestFacts() })).tags, undefined);
});

test('writes all facts of an exchange as one JSON line', () => {
  const tls = session(
    { remoteAddress: '2001:db8::1' },
    { serverName: 'shop.example.org', version: 'TLSv1.3' },
  );

  const line = lineOf(
    { session: tls, bytesIn: 20 },
    { headers: ['user-agent', 'curl/8.5.0', 'referer', 'https://a.example/'] },
  );

  assert.equal(
    line,
    '{"type":"access","time":"2026-11-20T12:04:31.107Z","id":"5f0c2a7e9b1d4c38","session":7,' +
      '"client":"[2001:db8::1]:51234","listener":":8443","tls":"TLSv1.3","sni":"shop.example.org",' +
      '"protocol":"http/1.1","tenant":"shop","route":"/api/*","cluster":"web","instance":"127.0.0.1:9001","attempts":1,' +
      '"method":"GET","host":"shop.example.org","path":"/api/cart?item=42","status":200,"bytesIn":20,"bytesOut":512,' +
      '"timings":{"total":12.500,"connect":0.250,"send":0.250,"responseHeader":11.500,"responseBody":0.500},' +
      '"userAgent":"curl/8.5.0","referer":"https://a.example/"}\n',
  );
  assert.equal(JSON.parse(line).timings.total, 12.5);
});

test('writes all facts of a stream as one JSON line, as documented', () => {
  const line = streamLine({});

  const documented = readFileSync(new URL('../../../../docs/access-log.md', import.meta.url), 'utf8');
  assert.ok(documented.includes(line), line);
  assert.equal(JSON.parse(line).ending, 'client-closed');
});

test('tells of a sealed stream by the name in its ClientHello, and of one that failed how far it came', () => {
  const record = JSON.parse(
    streamLine({
      session: session(),
      way: 'passthrough',
      serverName: 'legacy.example.org',
      instance: undefined,
      tenant: undefined,
      cluster: undefined,
      connectedAt: 0,
      ending: 'no-healthy-instance',
      error: exchangeError('no-healthy-instance', 'none'),
    }),
  );

  assert.deepEqual(
    [record.sni, record.way, record.ending, record.error, record.side],
    ['legacy.example.org', 'passthrough', 'no-healthy-instance', 'no-healthy-instance', 'portico'],
  );
  assert.deepEqual(record.timings, { total: 12.5 });
  for (const absent of ['tls', 'tenant', 'cluster', 'instance']) assert.ok(!(absent in record), absent);
});

function streamLine(fields: Partial<FinishedStream>): string {
  const lines: string[] = [];
  const log = createAccessLog({ enabled: true, write: (line) => lines.push(line) }, clock);
  log.handlers!.streamFinish!(finishedStream(fields));
  return lines.join('');
}

test('names the load balancer beside the client for which it has connected', () => {
  const relayed = session({ remoteAddress: '2001:db8::1', remotePort: 40312 });
  relayed.relays({ address: '192.0.2.7', port: 56324 }, { address: '10.1.2.3', port: 443 });

  const { client, balancer } = recordOf({ session: relayed }, { headers: [] });

  assert.equal(client, '192.0.2.7:56324');
  assert.equal(balancer, '[2001:db8::1]:40312');
});

test('leaves out what an exchange that failed early does not have', () => {
  const record = recordOf(
    {
      tenant: undefined,
      cluster: undefined,
      instance: undefined,
      route: '',
      attempts: 0,
      status: 404,
      connectedAt: 0,
      requestSentAt: 0,
      error: exchangeError('no-tenant', 'no tenant has this host'),
    },
    { headers: [] },
  );

  assert.deepEqual(Object.keys(record).slice(6), [
    'protocol',
    'attempts',
    'method',
    'host',
    'path',
    'status',
    'bytesIn',
    'bytesOut',
    'timings',
    'error',
    'side',
    'detail',
  ]);
  assert.deepEqual(record.timings, { total: 12.5, responseHeader: 12, responseBody: 0.5 });
  assert.equal(record.error, 'no-tenant');
  assert.equal(record.side, 'portico');
});

test('has the gRPC status of a response that is trailers only', () => {
  const statusOf = (headers: string[], bodyLength = 0): unknown =>
    recordOf({ response: new ResponseHead(200, '', headers, bodyLength) }).grpcStatus;

  assert.equal(statusOf(['content-type', 'application/grpc', 'grpc-status', '14']), 14);
  assert.equal(statusOf(['grpc-status', '0']), 0);
  assert.equal(statusOf(['grpc-status', '14'], UNKNOWN_LENGTH), undefined);
  assert.equal(statusOf(['content-type', 'text/plain']), undefined);
  for (const hostile of ['', '-1', '1e3', '100', '1,"a":2', '٣'])
    assert.equal(statusOf(['grpc-status', hostile]), undefined);
});

test('names what a tunnel was upgraded to', () => {
  assert.equal(recordOf({ status: 101 }, { upgrade: 'websocket' }).upgrade, 'websocket');
});

test('never shows a negative or broken time', () => {
  const record = recordOf({ respondedAt: 1000.4, finishedAt: Number.NaN });

  assert.deepEqual(record.timings, {
    total: 0,
    connect: 0.25,
    send: 0.25,
    responseHeader: 0,
    responseBody: 0,
  });
});

test('what a request has waited for an instance is a phase of its own', () => {
  assert.deepEqual(recordOf({ waitedMs: 0.2 }).timings, {
    total: 12.5,
    queue: 0.2,
    connect: 0.05,
    send: 0.25,
    responseHeader: 11.5,
    responseBody: 0.5,
  });
  const kept = recordOf({ waitedMs: 5, connectedAt: 0, requestSentAt: 0 });
  assert.deepEqual(kept.timings, { total: 12.5, queue: 5, responseHeader: 7, responseBody: 0.5 });
});

test('the time does not stick to the second of an earlier line', () => {
  let wall = Date.parse('2026-12-31T23:59:59.999Z');
  const times: string[] = [];
  const log = createAccessLog(
    { enabled: true, write: (line) => times.push(JSON.parse(line).time) },
    { now: () => 1000, wall: () => wall },
  );

  log.handlers!.requestFinish!(finishedExchange());
  wall += 1;
  log.handlers!.requestFinish!(finishedExchange());
  wall -= 1000;
  log.handlers!.requestFinish!(finishedExchange());

  assert.deepEqual(times, [
    '2026-12-31T23:59:59.999Z',
    '2027-01-01T00:00:00.000Z',
    '2026-12-31T23:59:59.000Z',
  ]);
});

test('shows UTF-8 as the text that was meant, and other bytes as latin-1', () => {
  const utf8 = Buffer.from('müller').toString('latin1');

  assert.equal(recordOf({}, { headers: ['user-agent', utf8] }).userAgent, 'müller');
  assert.equal(recordOf({}, { headers: ['user-agent', 'm\xfcller'] }).userAgent, 'müller');
});

test('writes characters that could deceive the eye as escapes', () => {
  const agent = Buffer.from('a\u202eb\u0085c\u{e0041}\u061c').toString('latin1');
  const line = lineOf({}, { headers: ['user-agent', agent] });

  assert.ok(line.includes('"userAgent":"a\\u202eb\\u0085c\\udb40\\udc41\\u061c"'), line);
  assert.equal(JSON.parse(line).userAgent, 'a\u202eb\u0085c\u{e0041}\u061c');
});

test('cuts a value that a client made huge', () => {
  const record = recordOf(
    {},
    { headers: ['user-agent', 'x'.repeat(60_000)], path: `/${'"'.repeat(60_000)}` },
  );

  assert.equal(record.userAgent, `${'x'.repeat(2048)}…`);
  assert.equal(record.path.length, 2049);
});

test('any value whatever gives one line of JSON that reads back', () => {
  const value = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  });

  fc.assert(
    fc.property(value, value, value, (path, userAgent, detail) => {
      const line = lineOf(
        { error: exchangeError('internal-error', detail), route: path },
        { path, headers: ['user-agent', userAgent, '__proto__', 'x'] },
      );

      assert.equal(line.indexOf('\n'), line.length - 1);
      const record = JSON.parse(line);
      assert.equal(typeof record.path, 'string');
      if (/^[\x00-\x7f]*$/.test(path)) assert.equal(record.path, path);
    }),
  );
});

test('writes a line for a request that was refused before it was one', () => {
  const lines: string[] = [];
  const refused = session();
  refused.error = exchangeError('malformed-request', 'space in "name"');
  refused.refusalId = 'r-1';
  refused.refusalId = 'abc-1';

  createAccessLog({ enabled: true, write: (line) => lines.push(line) }, clock).refused(refused);

  assert.deepEqual(JSON.parse(lines[0]!), {
    type: 'refused',
    time: '2026-11-20T12:04:31.120Z',
    id: 'abc-1',
    session: 7,
    client: '127.0.0.1:51234',
    listener: ':8443',
    status: 400,
    error: 'malformed-request',
    side: 'downstream',
    detail: 'space in "name"',
  });
});

test('builds nothing while the log is off', () => {
  const log = createAccessLog({ enabled: false, write: () => assert.fail() }, clock);

  log.handlers!.requestFinish!(finishedExchange());
  log.refused(session());
});

function lineOf(fields: Partial<FinishedExchange>, head?: Partial<RequestHeadFields>): string {
  const lines: string[] = [];
  const log = createAccessLog({ enabled: true, write: (line) => lines.push(line) }, clock);
  log.handlers!.requestFinish!(finishedExchange(fields, head));
  assert.equal(lines.length, 1);
  return lines[0]!;
}

function recordOf(fields: Partial<FinishedExchange>, head?: Partial<RequestHeadFields>): AccessRecord {
  return JSON.parse(lineOf(fields, head));
}

interface AccessRecord {
  readonly client: string;
  readonly balancer?: string;
  readonly path: string;
  readonly upgrade?: string;
  readonly grpcStatus?: number;
  readonly timings: object;
  readonly error?: string;
  readonly side?: string;
  readonly userAgent?: string;
}
