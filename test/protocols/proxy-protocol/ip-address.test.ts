import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { addressBytes, endpointAddress, ipv6Text } from '../../../protocols/proxy-protocol/ip-address.ts';

/** Groups of which many are zero, so that runs of them meet in all ways. */
const groups = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 65535 })), {
  minLength: 8,
  maxLength: 8,
});

function octets(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(16);
  for (const [i, value] of values.entries()) bytes.writeUInt16BE(value, 2 * i);
  return bytes;
}

describe('addresses', () => {
  it('are written as the system writes them', () => {
    fc.assert(
      fc.property(groups, (values) => {
        // The system writes ::/96 and ::ffff:0:0/96 with an IPv4 address at the end.
        fc.pre(values.slice(0, 5).some((value) => value !== 0));
        const spelled = values.map((value) => value.toString(16).padStart(4, '0')).join(':');
        const { address } = new SocketAddress({ address: spelled, family: 'ipv6' });
        assert.equal(ipv6Text(octets(values)), address);
      }),
      { numRuns: 2000 },
    );
  });

  it('are read back from every text that is written for them', () => {
    fc.assert(
      fc.property(groups, (values) => {
        const bytes = octets(values);
        assert.deepEqual(addressBytes(ipv6Text(bytes)), bytes);
      }),
    );
  });

  it('are taken and refused as the system takes and refuses them', () => {
    const piece = fc.constantFrom(
      '0',
      '1',
      'ff',
      'FFFF',
      '00001',
      ':',
      '::',
      ':::',
      '.',
      '1.2.3.4',
      '256',
      '08',
      '',
    );
    const text = fc.array(piece, { maxLength: 16 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(text, (candidate) => {
        const bytes = addressBytes(candidate);
        assert.equal(bytes?.length === 4, isIPv4(candidate), candidate);
        assert.equal(bytes?.length === 16, isIPv6(candidate), candidate);
      }),
      { numRuns: 5000 },
    );
  });

  it('of IPv4 mapped into IPv6 are those of IPv4', () => {
    assert.equal(endpointAddress(Buffer.from('00000000000000000000ffff0a010203', 'hex')), '10.1.2.3');
    assert.equal(endpointAddress(Buffer.from('000000000000000000000000000a0102', 'hex')), '::a:102');
    assert.equal(endpointAddress(Buffer.from('00000000000000000001ffff0a010203', 'hex')), '::1:ffff:a01:203');
  });
});
