import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRespond } from '../../../../src/modules/respond/respond.ts';
import { requestFacts } from '../../../support/finished-exchange.ts';

for (const [headers, body, expected] of [
  [[], 'text', ['content-type', 'text/plain; charset=utf-8']],
  [[['content-type', 'text/html']], '<p>', ['content-type', 'text/html']],
  [[['retry-after', '1']], '', ['retry-after', '1']],
] as const) {
  test(`${JSON.stringify(body)} with ${JSON.stringify(headers)} is answered as ${JSON.stringify(expected)}`, () => {
    const module = createRespond({ kind: 'respond', status: 503, headers, body });

    assert.deepEqual(module.decide!(requestFacts()), {
      kind: 'respond',
      status: 503,
      headers: expected,
      body,
    });
  });
}
