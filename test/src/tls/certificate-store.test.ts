import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CertificateStore } from '../../../src/tls/certificate-store.ts';
import { ContextPolicy } from '../../../src/tls/context-policy.ts';
import { certificateSettings, testCertificate } from '../../support/certificates.ts';

const exact = certificateSettings(testCertificate(['shop.example.org']), { hosts: ['shop.example.org'] });
const wildcard = certificateSettings(testCertificate(['*.example.org']), { hosts: ['*.example.org'] });
const fallback = certificateSettings(testCertificate(['default.example']), { isDefault: true });

describe('CertificateStore', () => {
  it('prefers the exact name to the wildcard, and the wildcard to the default', () => {
    const store = new CertificateStore([wildcard, exact, fallback]);

    assert.deepEqual(store.choose('shop.example.org').names, ['shop.example.org']);
    assert.deepEqual(store.choose('blog.example.org').names, ['*.example.org']);
    assert.deepEqual(store.choose('elsewhere.example').names, ['default.example']);
  });

  it('serves by VIP what no name decides', () => {
    const { vips: _, ...pair } = certificateSettings(testCertificate(['vip.example']));
    const store = new CertificateStore([wildcard, exact, fallback, { ...pair, vips: ['10.1.2.3'] }]);
    const end = { localAddress: '10.1.2.3' };

    for (const name of ['', 'elsewhere.example', 'vip.example'])
      assert.deepEqual(store.choose(name, end).names, ['vip.example']);
    assert.deepEqual(store.choose('shop.example.org', end).names, ['shop.example.org']);
    assert.deepEqual(store.choose('blog.example.org', end).names, ['*.example.org']);
    assert.deepEqual(store.choose('', { localAddress: '10.1.2.4' }).names, ['default.example']);
    assert.deepEqual(store.choose('').names, ['default.example']);
  });

  it('lets a wildcard stand for exactly one label', () => {
    const store = new CertificateStore([fallback, wildcard]);

    for (const name of ['example.org', 'a.b.example.org', '.example.org', '*.example.org.', 'xexample.org']) {
      assert.deepEqual(store.choose(name).names, ['default.example'], name);
    }
  });

  it('serves the default to clients without a name, or the first certificate when none is the default', () => {
    assert.deepEqual(new CertificateStore([exact, fallback]).choose('').names, ['default.example']);
    assert.deepEqual(new CertificateStore([exact, wildcard]).choose('').names, ['shop.example.org']);
  });

  it('takes the names of the certificate where no hosts are configured', () => {
    const store = new CertificateStore([
      fallback,
      certificateSettings(testCertificate(['a.example', 'b.example'])),
    ]);

    assert.deepEqual(store.choose('b.example').names, ['a.example', 'b.example']);
  });

  it('is not confused by names that objects have built in', () => {
    const store = new CertificateStore([fallback]);

    for (const name of ['__proto__', 'constructor', 'toString']) {
      assert.deepEqual(store.choose(name).names, ['default.example']);
    }
  });

  it('tells key type and end of validity of what it serves', () => {
    const { keyType, notAfter } = new CertificateStore([
      certificateSettings(testCertificate(['rsa.example'], { key: 'rsa', untilDays: 5 })),
    ]).choose('');

    assert.equal(keyType, 'RSA 2048');
    assert.ok(Math.abs(notAfter - (Date.now() + 5 * 86_400_000)) < 3_600_000);
  });

  it('makes one context per certificate and policy', () => {
    const store = new CertificateStore([exact, fallback]);
    const modern = new ContextPolicy({ minVersion: '1.3', maxVersion: '1.3' });
    const wide = new ContextPolicy({ minVersion: '1.2', maxVersion: '1.3' });

    const context = store.choose('shop.example.org').context(wide);

    assert.equal(store.choose('shop.example.org').context(wide), context);
    assert.notEqual(store.choose('shop.example.org').context(modern), context);
    assert.notEqual(store.choose('').context(wide), context);
  });

  it('shares contexts between entries with equal texts', () => {
    const pair = testCertificate(['a.example', 'b.example']);
    const store = new CertificateStore([
      certificateSettings(pair, { hosts: ['a.example'] }),
      certificateSettings(pair, { hosts: ['b.example'] }),
    ]);

    assert.equal(store.choose('a.example'), store.choose('b.example'));
  });

  it('takes unchanged pairs over from the store before, and only those', () => {
    const before = new CertificateStore([exact, wildcard]);
    const renewed = certificateSettings(testCertificate(['*.example.org'], { untilDays: 91 }));

    const after = new CertificateStore([{ ...exact, hosts: ['shop.example.org'] }, renewed], {
      previous: before,
    });

    assert.equal(after.choose('shop.example.org'), before.choose('shop.example.org'));
    assert.notEqual(after.choose('a.example.org'), before.choose('a.example.org'));
  });

  it('does not take over a pair whose key text has changed', () => {
    const before = new CertificateStore([exact]);

    const after = new CertificateStore([{ ...exact, key: `\n${exact.key}` }], { previous: before });

    assert.notEqual(after.choose(''), before.choose(''));
  });

  it('cannot be empty', () => {
    assert.throws(() => new CertificateStore([]), /needs a certificate/);
  });

  it('parses nothing of ten thousand certificates with configured hosts until they are asked for', () => {
    const settings = Array.from({ length: 10_000 }, (_, i) => ({
      ...exact,
      cert: `not even PEM ${i}`,
      hosts: [`h${i}.example`],
    }));

    const store = new CertificateStore(settings);

    assert.throws(() => store.choose('h9999.example').names);
  });
});
