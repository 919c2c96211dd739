import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readH2loadTotals, requestArguments, wrongAnswers } from '../../bench/load/h2load.ts';
import { missedRate, readLatency } from '../../bench/load/rate.ts';
import { readWrkTotals } from '../../bench/load/wrk.ts';
import { SMALL_GET } from '../../bench/scenarios/keep-alive.ts';
import { latency } from '../../bench/scenarios/latency.ts';

function wrkOutput(errors: string): string {
  return `Requests/sec: 1000\nTOTALS {"requests":4000,"duration":4000123,"bytes":1000,${errors}}\n`;
}

function h2loadOutput(requests: string): string {
  return `progress: 100% done\n\nfinished in 1.99s, 1204.57 req/s, 0B/s\nrequests: ${requests}\nstatus codes: …\n`;
}

test('reads the totals of a clean wrk run', () => {
  const output = wrkOutput('"connect":0,"read":0,"write":0,"status":0,"timeout":0');

  assert.deepEqual(readWrkTotals(output, 0), {
    completed: 4000,
    seconds: 4.000123,
    bytes: 1000,
    fault: undefined,
  });
});

test('what wrk sent counts as well as what it received', () => {
  const output = wrkOutput('"connect":0,"read":0,"write":0,"status":0,"timeout":0');

  assert.equal(readWrkTotals(output, 10).bytes, 41_000);
});

test('a wrk run with any error is at fault', () => {
  const output = wrkOutput('"connect":0,"read":3,"write":0,"status":12,"timeout":0');

  assert.equal(readWrkTotals(output, 0).fault, '3 read errors, 12 status errors');
});

test('a wrk run without totals is at fault', () => {
  assert.match(readWrkTotals('unable to connect', 0).fault ?? '', /no totals in: unable to connect/);
});

test('reads the totals of a clean h2load run', () => {
  const output = h2loadOutput(
    '2400 total, 2400 started, 2400 done, 2400 succeeded, 0 failed, 0 errored, 0 timeout',
  );

  assert.deepEqual(readH2loadTotals(output), { completed: 2400, seconds: 1.99, fault: undefined });
});

test('an h2load run in which one request did not succeed is at fault', () => {
  const output = h2loadOutput('10 total, 10 started, 10 done, 9 succeeded, 1 failed, 0 errored, 0 timeout');

  assert.equal(readH2loadTotals(output).fault, '9 of 10 succeeded (1 failed, 0 errored, 0 timeouts)');
});

test('an h2load run that reports milliseconds keeps its unit', () => {
  const output = h2loadOutput('1 total, 1 started, 1 done, 1 succeeded, 0 failed, 0 errored, 0 timeout');

  assert.equal(readH2loadTotals(output.replace('1.99s', '250.00ms')).seconds, 0.25);
});

test('h2load is told the version of HTTP, and sends cookies of HTTP/2 one by one', () => {
  const load = { ...SMALL_GET, headers: { Cookie: 'a=1; b=2', Accept: '*/*' } };
  const url = ['--connect-to=127.0.0.1:81', 'http://localhost:81/small'];

  assert.deepEqual(requestArguments(load, 81), [
    '--h1',
    '--header=Cookie: a=1; b=2',
    '--header=Accept: */*',
    ...url,
  ]);
  assert.deepEqual(requestArguments({ ...load, version: 'h2' }, 81), [
    '--header=Cookie: a=1',
    '--header=Cookie: b=2',
    '--header=Accept: */*',
    ...url,
  ]);
});

test('an h2load run is at fault for speaking another protocol', () => {
  const speaking = (name: string): string =>
    `Application protocol: ${name}\nstatus codes: 9 2xx, 0 3xx, 0 4xx, 0 5xx\n`;

  assert.equal(wrongAnswers(speaking('h2'), 'h2'), undefined);
  assert.equal(wrongAnswers(speaking('h2c'), 'h2'), undefined);
  assert.equal(wrongAnswers(speaking('http/1.1'), 'http/1.1'), undefined);
  assert.equal(wrongAnswers(speaking('http/1.1'), 'h2'), 'speaks http/1.1 instead of h2');
  assert.equal(wrongAnswers('no connection', 'h2'), 'speaks nothing instead of h2');
});

test('an h2load run is at fault for any answer that is not 2xx', () => {
  const answering = (others: string): string => `Application protocol: h2\nstatus codes: 9 2xx, ${others}\n`;

  for (const others of ['1 3xx, 0 4xx, 0 5xx', '0 3xx, 1 4xx, 0 5xx', '0 3xx, 0 4xx, 1 5xx']) {
    assert.match(wrongAnswers(answering(others), 'h2') ?? '', /answers with 3xx/);
  }
});

test('percentiles are values that occurred, at the nearest rank', () => {
  const log = Array.from({ length: 1000 }, (_, index) => `17958270730848\t200\t${1000 - index}\n`).join('');

  assert.deepEqual(readLatency(log), { p50: 500, p99: 990, p999: 999 });
  assert.deepEqual(readLatency('1\t200\t7\n'), { p50: 7, p99: 7, p999: 7 });
  assert.deepEqual(readLatency('3\t200\t1\n1\t200\t7\n2\t200\t9\n', 2), { p50: 1, p99: 1, p999: 1 });
  assert.equal(readLatency('1\t200\t7\n', 1), undefined);
  assert.equal(readLatency(''), undefined);
});

test('a run that does not reach its rate is at fault', () => {
  const load = latency.flatMap(({ measure }) => (measure.kind === 'latency' ? measure.load : []))[0];
  assert.ok(load !== undefined);
  const ran = (completed: number): string | undefined =>
    missedRate({ completed, seconds: 2, fault: undefined }, load);

  assert.equal(ran(9900), undefined);
  assert.equal(ran(8000), 'answers 4000 requests/s instead of 5000');
});
