import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startHttp2Front } from '../support/http2-front.ts';
import { runH2spec } from '../support/http2-h2spec.ts';
import { answering, ok, startOrigin } from '../support/origin.ts';
import { commandMissing } from '../support/outside-judge.ts';

// Whoever speaks HTTP/2 is held against h2spec, which knows RFC 9113's predecessor (RFC 7540) section by section.

const skip = commandMissing('h2spec');
const BODY = 'Something to be read in pieces.\n';

for (const over of ['plain', 'TLS'] as const) {
  test(`h2spec finds nothing wrong over ${over}, strict cases included`, { skip }, async (t) => {
    const origin = await startOrigin(t, answering(ok(BODY)));
    const { plainPort, tlsPort } = await startHttp2Front(t, origin.address);

    const isTls = over === 'TLS';
    const result = await runH2spec(isTls ? tlsPort : plainPort, { tls: isTls });

    assert.deepEqual(result.failures, [], result.output);
    assert.equal(result.failed, 0);
    assert.equal(result.skipped, 0, result.output);
    assert.ok(result.passed >= 140, `${result.passed} passed`);
  });
}
