import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hopsLeft, maxForwardsBehind } from '../../../protocols/http/max-forwards.ts';

for (const [method, value, hops, behind] of [
  ['OPTIONS', '0', 0, '0'],
  ['TRACE', '1', 1, '0'],
  ['OPTIONS', '010', 10, '9'],
  ['TRACE', '-1', undefined, '-1'],
  ['TRACE', '1, 2', undefined, '1, 2'],
  ['OPTIONS', '', undefined, ''],
  ['OPTIONS', '99999999999999999999', undefined, '99999999999999999999'],
  ['GET', '0', undefined, '0'],
] as const) {
  test(`${method} with Max-Forwards ${value} may go over ${hops ?? 'any number of'} hops`, () => {
    assert.equal(hopsLeft(method, ['accept', '*/*', 'max-forwards', value]), hops);
    assert.equal(maxForwardsBehind(method, value), behind);
  });
}
