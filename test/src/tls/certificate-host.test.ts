import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isCovered, parseCertificateHost, wildcardOver } from '../../../src/tls/certificate-host.ts';

describe('parseCertificateHost', () => {
  it('normalises case, trailing dots and addresses', () => {
    assert.deepEqual(parseCertificateHost('Shop.Example.ORG.'), { kind: 'dns', name: 'shop.example.org' });
    assert.deepEqual(parseCertificateHost('*.Example.org'), { kind: 'wildcard', name: '*.example.org' });
    assert.deepEqual(parseCertificateHost('127.0.0.1'), { kind: 'ip', name: '127.0.0.1' });
    assert.deepEqual(parseCertificateHost('2001:0DB8:0:0:0::1'), { kind: 'ip', name: '2001:db8::1' });
    assert.deepEqual(parseCertificateHost('::ffff:192.0.2.1'), { kind: 'ip', name: '::ffff:c000:201' });
  });

  it('refuses what no client would accept', () => {
    const texts = [
      '',
      '*',
      '*.com',
      '*.*.example.org',
      'a.*.example',
      'w*.example.org',
      '*.192.0.2.1',
      'a:443',
      '[::1]',
    ];

    for (const text of texts) assert.equal(parseCertificateHost(text), undefined, text);
  });
});

describe('isCovered', () => {
  const names = new Set(['example.org', '*.example.org', '192.0.2.1']);

  it('takes a name itself or one label under a wildcard', () => {
    for (const host of ['example.org', 'a.example.org', '*.example.org', '192.0.2.1']) {
      assert.ok(isCovered(host, names), host);
    }
  });

  it('takes nothing deeper, nothing beside, and no wildcard within a wildcard', () => {
    for (const host of ['a.b.example.org', 'example.com', '*.a.example.org', '192.0.2.2', 'org']) {
      assert.ok(!isCovered(host, names), host);
    }
  });
});

describe('wildcardOver', () => {
  it('replaces the first label', () => {
    assert.equal(wildcardOver('a.b.c'), '*.b.c');
    assert.equal(wildcardOver('localhost'), undefined);
    assert.equal(wildcardOver(''), undefined);
    assert.equal(wildcardOver('.b.c'), undefined);
  });
});
