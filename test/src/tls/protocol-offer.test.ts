import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TenantTlsSettings } from '../../../src/core/settings.ts';
import { offeredProtocols } from '../../../src/tls/protocol-offer.ts';

const BOTH: TenantTlsSettings = { protocols: ['h2', 'http/1.1'], minVersion: '1.2', maxVersion: '1.3' };
const OLD: TenantTlsSettings = { ...BOTH, profile: 'old', minVersion: '1.0' };
const HELLO = { versions: [0x0304, 0x0303], cipherSuites: [0x1301, 0xc02b] };

function offered(settings: TenantTlsSettings, address = '192.0.2.1', hello: Partial<typeof HELLO> = {}) {
  return offeredProtocols(settings, { ...HELLO, ...hello }, address);
}

describe('rates', () => {
  const at = (rate: number, address: string) =>
    offered({ ...BOTH, rates: { h2: rate } }, address).includes('h2');

  it('offer a protocol to nobody, to all, and in between to their share of addresses', () => {
    const addresses = Array.from({ length: 10_000 }, (_, i) => `10.1.${i >> 8}.${i & 255}`);
    const share = (rate: number) => addresses.filter((address) => at(rate, address)).length / 100;

    assert.equal(share(0), 0);
    assert.ok(Math.abs(share(10) - 10) < 1, `${share(10)} %`);
    assert.ok(Math.abs(share(50) - 50) < 2, `${share(50)} %`);
    assert.equal(offered(BOTH), BOTH.protocols);
  });

  it('are of the octets of the address, as BFE takes them', () => {
    // MurmurHash3 (32 bits, seed 0) of c0 00 02 01 is 1684471130, of c0 00 02 02 it is 2491508596.
    assert.equal(at(30, '192.0.2.1'), false);
    assert.equal(at(31, '192.0.2.1'), true);
    assert.equal(at(96, '192.0.2.2'), false);
    assert.equal(at(97, '192.0.2.2'), true);
    for (const rate of [0, 25, 50, 75, 99])
      assert.equal(at(rate, '2001:db8::1'), at(rate, '2001:0db8:0:0:0:0:0:1'), 'however it is written');
  });

  it('only add clients when they are raised', () => {
    for (let i = 0; i < 256; i++) {
      const address = `198.51.100.${i}`;
      for (let rate = 1; rate < 100; rate++) assert.ok(at(rate, address) || !at(rate - 1, address));
    }
  });

  it('leave the order and the other protocols as they are', () => {
    assert.deepEqual(offered({ ...BOTH, rates: { h2: 0 } }), ['http/1.1']);
  });
});

describe('HTTP/2 under the profile old', () => {
  const may = (hello: Partial<typeof HELLO>, settings = OLD) => offered(settings, '', hello).includes('h2');

  it('is offered with TLS 1.3, and with the good suites of TLS 1.2', () => {
    assert.equal(may({}), true);
    assert.equal(may({ cipherSuites: [] }), true);
    assert.equal(may({ versions: [0x0303], cipherSuites: [0x002f, 0xc02f] }), true);
    assert.equal(may({ versions: [0x0303], cipherSuites: [0xcca9] }), true);
  });

  it('is not offered where a weak suite or version would be agreed on (RFC 9113, section 9.2)', () => {
    assert.equal(may({ versions: [0x0303], cipherSuites: [0x002f, 0xc013, 0x009c] }), false);
    assert.equal(may({ versions: [0x0302, 0x0301], cipherSuites: [0xc02f] }), false);
    assert.equal(may({ cipherSuites: [0x002f] }, { ...OLD, maxVersion: '1.2' }), false);
    assert.equal(may({}, { ...OLD, maxVersion: '1.1' }), false);
  });
});
