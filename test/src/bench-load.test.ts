import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readH2loadTotals } from '../../bench/load/h2load.ts';
import { readWrkTotals } from '../../bench/load/wrk.ts';

function wrkOutput(errors: string): string {
  return `Requests/sec: 1000\nTOTALS {"requests":4000,"duration":4000123,${errors}}\n`;
}

function h2loadOutput(requests: string): string {
  return `progress: 100% done\n\nfinished in 1.99s, 1204.57 req/s, 0B/s\nrequests: ${requests}\nstatus codes: …\n`;
}

test('reads the totals of a clean wrk run', () => {
  const output = wrkOutput('"connect":0,"read":0,"write":0,"status":0,"timeout":0');

  assert.deepEqual(readWrkTotals(output), { completed: 4000, seconds: 4.000123, fault: undefined });
});

test('a wrk run with any error is at fault', () => {
  const output = wrkOutput('"connect":0,"read":3,"write":0,"status":12,"timeout":0');

  assert.equal(readWrkTotals(output).fault, '3 read errors, 12 status errors');
});

test('a wrk run without totals is at fault', () => {
  assert.match(readWrkTotals('unable to connect').fault ?? '', /no totals in: unable to connect/);
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
