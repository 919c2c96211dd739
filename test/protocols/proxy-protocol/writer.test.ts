import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { encodeProxyHeader } from '../../../protocols/proxy-protocol/writer.ts';

const client = { address: '192.0.2.7', port: 56324 };
const vip = { address: '10.1.2.3', port: 443 };
const client6 = { address: '2001:db8::7', port: 56324 };
const vip6 = { address: '2001:db8:0:1::443', port: 443 };

const SIGNATURE = '0d0a0d0a000d0a515549540a';

function line(source: typeof client, destination: typeof client): string {
  return encodeProxyHeader('v1', source, destination).toString('latin1');
}

function block(source: typeof client, destination: typeof client): string {
  return encodeProxyHeader('v2', source, destination).toString('hex');
}

describe('version 1', () => {
  it('writes a line for IPv4', () => {
    assert.equal(line(client, vip), 'PROXY TCP4 192.0.2.7 10.1.2.3 56324 443\r\n');
  });

  it('writes a line for IPv6', () => {
    assert.equal(line(client6, vip6), 'PROXY TCP6 2001:db8::7 2001:db8:0:1::443 56324 443\r\n');
  });

  it('maps the IPv4 address of a mixed pair into IPv6, in hexadecimal groups', () => {
    assert.equal(line(client, vip6), 'PROXY TCP6 ::ffff:c000:207 2001:db8:0:1::443 56324 443\r\n');
    assert.equal(line(client6, vip), 'PROXY TCP6 2001:db8::7 ::ffff:a01:203 56324 443\r\n');
  });

  it('leaves out the zone of a link-local address', () => {
    assert.equal(line({ address: 'fe80::1%eth0', port: 1 }, vip6).slice(0, 20), 'PROXY TCP6 fe80::1 2');
  });
});

describe('version 2', () => {
  it('writes a block for IPv4', () => {
    assert.equal(block(client, vip), `${SIGNATURE}2111000cc00002070a010203dc0401bb`);
  });

  it('writes a block for IPv6', () => {
    const addresses = '20010db8000000000000000000000007' + '20010db8000000010000000000000443';
    assert.equal(block(client6, vip6), `${SIGNATURE}21210024${addresses}dc0401bb`);
  });

  it('maps the IPv4 address of a mixed pair into IPv6', () => {
    const addresses = '00000000000000000000ffffc0000207' + '20010db8000000010000000000000443';
    assert.equal(block(client, vip6), `${SIGNATURE}21210024${addresses}dc0401bb`);
  });
});

describe('what cannot be told', () => {
  const odd = [
    '',
    'localhost',
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    '%',
  ];

  for (const address of odd) {
    it(`is UNKNOWN or LOCAL: ${JSON.stringify(address)}`, () => {
      assert.equal(line({ address, port: 1 }, vip), 'PROXY UNKNOWN\r\n');
      assert.equal(line(client, { address, port: 1 }), 'PROXY UNKNOWN\r\n');
      assert.equal(block({ address, port: 1 }, vip), `${SIGNATURE}20000000`);
    });
  }

  it('is a port out of range', () => {
    for (const port of [-1, 65536, 1.5, Number.NaN]) {
      assert.equal(line({ ...client, port }, vip), 'PROXY UNKNOWN\r\n');
      assert.equal(block(client, { ...vip, port }), `${SIGNATURE}20000000`);
    }
  });

  it('never throws', () => {
    const endpoint = fc.record({ address: fc.string(), port: fc.double() });
    const version = fc.constantFrom('v1' as const, 'v2' as const);
    fc.assert(
      fc.property(version, endpoint, endpoint, (which, source, destination) => {
        assert.ok(encodeProxyHeader(which, source, destination).length >= 15);
      }),
    );
  });
});
