import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { addressOctets } from '../../../src/core/address-octets.ts';

function hex(address: string): string {
  return Buffer.from(addressOctets(address), 'latin1').toString('hex');
}

describe('addressOctets', () => {
  it('gives the four octets of IPv4', () => {
    assert.equal(hex('192.0.2.255'), 'c00002ff');
    assert.equal(hex('0.0.0.0'), '00000000');
  });

  it('gives the sixteen octets of IPv6, however it is written', () => {
    assert.equal(hex('::1'), '00000000000000000000000000000001');
    assert.equal(hex('::'), '00000000000000000000000000000000');
    assert.equal(hex('2001:db8::'), '20010db8000000000000000000000000');
    assert.equal(hex('2001:db8:0:1:2:3:4:abcd'), '20010db800000001000200030004abcd');
    assert.equal(hex('fe80::1%eth0'), 'fe800000000000000000000000000001');
    assert.equal(hex('::ffff:192.0.2.1'), '00000000000000000000ffffc0000201');
  });

  it('gives nothing for what is no address', () => {
    for (const text of ['', 'localhost', '1.2.3', '1.2.3.4.5', '1.2.3.256'])
      assert.equal(hex(text), '', text);
  });
});
