import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import type { IssuedPair } from '../../../../src/tls/local-authority.ts';
import { splitPem } from '../../../../src/tls/pem.ts';
import { Pkcs12Fault } from '../../../../src/tls/pkcs12/fault.ts';
import { keyWithChain } from '../../../../src/tls/pkcs12/key-with-chain.ts';
import { testAuthority, testCertificate } from '../../../support/certificates.ts';

const A = testCertificate(['a.example'], { intermediate: true });
const B = testCertificate(['b.example']);

describe('keyWithChain', () => {
  it('puts the leaf first and each issuer behind what it issued, in whatever order they come', () => {
    const [leaf, intermediate] = derOf(A.cert);
    const [root] = derOf(testAuthority().cert);
    const [stranger] = derOf(B.cert);

    for (const certificates of [
      [leaf!, intermediate!, root!, stranger!],
      [stranger!, root!, intermediate!, leaf!],
      [intermediate!, intermediate!, leaf!, root!],
    ]) {
      const { cert, key, leftOut } = keyWithChain({ keys: [keyOf(A)], certificates });

      assert.equal(cert, A.cert);
      assert.equal(key, A.key);
      assert.ok(leftOut.some((subject) => subject.startsWith('CN=Portico local CA')));
    }
  });

  it('keeps a leaf that has signed itself', () => {
    const root = testAuthority();

    assert.equal(keyWithChain({ keys: [keyOf(root)], certificates: derOf(root.cert) }).cert, root.cert);
  });

  it('passes over a key that has no certificate when another has', () => {
    const contents = { keys: [keyOf(B), keyOf(A)], certificates: derOf(A.cert) };

    assert.equal(keyWithChain(contents).key, A.key);
  });

  it('says what to do when there is not one key with one certificate', () => {
    const certificates = [...derOf(A.cert), ...derOf(B.cert)];
    for (const [contents, message, hint] of [
      [{ keys: [], certificates: [] }, /neither key nor certificate/, /export it again/],
      [{ keys: [], certificates }, /no key/, /together with the private key/],
      [{ keys: [keyOf(A)], certificates: [] }, /no certificate for it/, /together with its certificate/],
      [
        { keys: [keyOf(A, 'shop'), keyOf(B)], certificates },
        /2 keys with certificates: shop, CN=b\.example$/,
        /keytool -importkeystore .*-srcalias/,
      ],
    ] as const)
      assert.throws(
        () => keyWithChain(contents),
        (error) => error instanceof Pkcs12Fault && message.test(error.message) && hint.test(error.hint ?? ''),
      );
  });

  it('refuses what only looks like a key or a certificate', () => {
    const rubbish = Buffer.from('3003020100', 'hex');

    assert.throws(
      () => keyWithChain({ keys: [{ der: rubbish, name: '' }], certificates: derOf(A.cert) }),
      Pkcs12Fault,
    );
    assert.throws(() => keyWithChain({ keys: [keyOf(A)], certificates: [rubbish] }), Pkcs12Fault);
  });
});

function derOf(pem: string): Buffer[] {
  return splitPem(pem, 'CERTIFICATE').map((block) => new X509Certificate(block).raw);
}

function keyOf({ key }: IssuedPair, name = '') {
  return { der: createPrivateKey(key).export({ type: 'pkcs8', format: 'der' }), name };
}
