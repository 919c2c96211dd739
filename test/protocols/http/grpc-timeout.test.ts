import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grpcTimeoutMs } from '../../../protocols/http/grpc-timeout.ts';

const GOOD: readonly (readonly [value: string, ms: number])[] = [
  ['1H', 3_600_000],
  ['2M', 120_000],
  ['30S', 30_000],
  ['100m', 100],
  ['2500u', 2.5],
  ['500000n', 0.5],
  ['0S', 0],
  ['00000001S', 1000],
  ['99999999H', 99_999_999 * 3_600_000],
];
for (const [value, ms] of GOOD) {
  test(`${value} is ${ms} ms`, () => assert.equal(grpcTimeoutMs(value), ms));
}

for (const value of [
  '',
  'S',
  '1',
  '1s',
  '1h',
  '1 S',
  ' 1S',
  '1S ',
  '-1S',
  '+1S',
  '1.5S',
  '1e3S',
  '0x1S',
  '123456789S',
  '1SS',
  '1_S',
  '٣S',
  'S1',
])
  test(`${JSON.stringify(value)} is no timeout`, () => assert.equal(grpcTimeoutMs(value), undefined));
