import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkBackendTls } from '../../../src/tls/backend-tls-check.ts';
import { testAuthority, testCertificate } from '../../support/certificates.ts';

const { cert: ca } = testAuthority();
const { cert, key } = testCertificate(['front.internal']);

describe('checkBackendTls', () => {
  it('has nothing to say of good files, or of none', () => {
    assert.deepEqual(checkBackendTls({ ca: ca + ca, cert, key }), []);
    assert.deepEqual(checkBackendTls({ ca: undefined, cert: undefined, key: undefined }), []);
  });

  for (const [what, files, field, message] of [
    ['an authority that is none', { ca: 'no PEM' }, 'ca', 'the file holds no certificate in PEM'],
    ['a key in place of the authority', { ca: key }, 'ca', /private key but no certificate/],
    [
      'an authority that cannot be read',
      { ca: ca.replace(/\n.{20}/, '\n????') },
      'ca',
      /certificate 1 .* cannot be read/,
    ],
    ['a certificate that is none', { cert: key, key }, 'cert', /private key but no certificate/],
    ['a key of another certificate', { cert, key: testCertificate(['other']).key }, 'key', /does not belong/],
    ['a certificate that has expired', testCertificate(['old'], { untilDays: -2 }), 'cert', /expired on/],
  ] as const) {
    it(`objects to ${what}`, () => {
      const [problem, ...more] = checkBackendTls({
        ca: undefined,
        cert: undefined,
        key: undefined,
        ...files,
      });

      assert.deepEqual(more, []);
      assert.equal(problem?.field, field);
      assert.equal(problem.severity, 'error');
      assert.match(problem.message, typeof message === 'string' ? new RegExp(message) : message);
    });
  }
});
