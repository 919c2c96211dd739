import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ProxiedEndpoints } from '../../../protocols/proxy-protocol/header.ts';
import { MAX_BLOCK_BYTES, MAX_LINE_BYTES } from '../../../protocols/proxy-protocol/limits.ts';
import { ProxyHeaderParser } from '../../../protocols/proxy-protocol/parser.ts';
import { encodeProxyHeader } from '../../../protocols/proxy-protocol/writer.ts';
import { allCuts } from '../../support/cuts.ts';
import { IPV4_BLOCK, IPV6_BLOCK, PROXY_SIGNATURE, proxyBlock, tlv } from '../../support/proxy-headers.ts';

type Outcome = ProxiedEndpoints | 'own' | 'need-more' | (string & {});

/** What the parser makes of the pieces, and how many bytes it took; `own`: the connection's own addresses hold. */
function parse(pieces: readonly Buffer[]): { outcome: Outcome; consumed: number } {
  const parser = new ProxyHeaderParser();
  let before = 0;
  for (const piece of pieces) {
    const result = parser.receive(piece);
    if (result.kind === 'malformed') return { outcome: result.fault.rule, consumed: -1 };
    if (result.kind === 'header')
      return { outcome: result.header.endpoints ?? 'own', consumed: before + result.consumed };
    before += piece.length;
  }
  return { outcome: 'need-more', consumed: before };
}

/** The same whatever the cut, alone and with a request behind it in the same segment. */
function assertHeader(header: Buffer | string, expected: ProxiedEndpoints | 'own'): void {
  const bytes = Buffer.from(header as string, 'latin1');
  for (const behind of [Buffer.alloc(0), Buffer.from('GET / HTTP/1.1\r\n\r\n')]) {
    for (const pieces of allCuts(Buffer.concat([bytes, behind]))) {
      assert.deepEqual(parse(pieces), { outcome: expected, consumed: bytes.length });
    }
  }
  assert.equal(parse([bytes.subarray(0, -1)]).outcome, 'need-more');
}

/** Refused whatever the cut, and with the last byte, not later. */
function assertRefused(bytes: Buffer | string, rule: string): void {
  const whole = Buffer.from(bytes as string, 'latin1');
  for (const pieces of allCuts(whole)) assert.equal(parse(pieces).outcome, rule);
  assert.equal(parse([whole.subarray(0, -1)]).outcome, 'need-more');
}

const IPV4_ENDPOINTS: ProxiedEndpoints = {
  source: { address: '192.0.2.7', port: 56324 },
  destination: { address: '10.1.2.3', port: 443 },
};
const IPV6_ENDPOINTS: ProxiedEndpoints = {
  source: { address: '2001:db8::7', port: 56324 },
  destination: { address: '2001:db8:0:1::443', port: 443 },
};

describe('version 1', () => {
  it('reads TCP4', () => {
    assertHeader('PROXY TCP4 192.0.2.7 10.1.2.3 56324 443\r\n', IPV4_ENDPOINTS);
  });

  it('reads TCP6 in any spelling, and tells it in one', () => {
    assertHeader('PROXY TCP6 2001:db8::7 2001:db8:0:1::443 56324 443\r\n', IPV6_ENDPOINTS);
    assertHeader(
      'PROXY TCP6 2001:0DB8:0:0:0:0:0:7 2001:db8:0000:0001:0:0:0:0443 56324 443\r\n',
      IPV6_ENDPOINTS,
    );
  });

  it('takes an IPv4 address mapped into IPv6 for what it is', () => {
    assertHeader('PROXY TCP6 ::ffff:192.0.2.7 ::ffff:a01:203 56324 443\r\n', IPV4_ENDPOINTS);
  });

  it('takes the ends of every range', () => {
    assertHeader('PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n', {
      source: { address: '0.0.0.0', port: 0 },
      destination: { address: '255.255.255.255', port: 65535 },
    });
  });

  it('ignores what stands behind UNKNOWN', () => {
    assertHeader('PROXY UNKNOWN\r\n', 'own');
    assertHeader('PROXY UNKNOWN \r\n', 'own');
    assertHeader('PROXY UNKNOWN ffff::1 \0\xff TCP4 1 2 3 4 5 6 7\r\n', 'own');
    assertHeader(`PROXY UNKNOWN ${'x'.repeat(MAX_LINE_BYTES - 16)}\r\n`, 'own');
  });

  it('refuses a line that is longer than any header, before its end', () => {
    assertRefused(`PROXY UNKNOWN ${'x'.repeat(MAX_LINE_BYTES - 14)}`, 'line-too-long');
    assertRefused(`PROXY TCP4 ${' '.repeat(MAX_LINE_BYTES - 12)}\r`, 'line-too-long');
  });

  it('refuses a CR or LF that does not end the line', () => {
    assertRefused('PROXY TCP4 192.0.2.7 10.1.2.3 56324 443\n', 'bare-line-end');
    assertRefused('PROXY TCP4 192.0.2.7 10.1.2.3 56324 443\r\r', 'bare-line-end');
    assertRefused('PROXY UNKNOWN a\rb', 'bare-line-end');
    assertRefused('PROXY UNKNOWN a\n', 'bare-line-end');
  });

  const wrong: Readonly<Record<string, readonly string[]>> = {
    'unknown-protocol': [
      '',
      'UDP4 1.1.1.1 2.2.2.2 1 2',
      'tcp4 1.1.1.1 2.2.2.2 1 2',
      'TCP',
      'UNKNOWNX',
      ' TCP4',
    ],
    'bad-line': [
      'TCP4',
      'TCP4 1.1.1.1 2.2.2.2 1',
      'TCP4 1.1.1.1 2.2.2.2 1 2 3',
      'TCP4 1.1.1.1 2.2.2.2 1 2 ',
      'TCP4 1.1.1.1  2.2.2.2 1 2',
    ],
    'bad-address': [
      'TCP4 ::1 ::1 1 2',
      'TCP6 1.1.1.1 2.2.2.2 1 2',
      'TCP4 01.1.1.1 2.2.2.2 1 2',
      'TCP4 1.1.1 2.2.2.2 1 2',
      'TCP4 1.1.1.1.1 2.2.2.2 1 2',
      'TCP4 1.1.1.256 2.2.2.2 1 2',
      'TCP4 0x1.1.1.1 2.2.2.2 1 2',
      'TCP4 1.1.1.1 localhost 1 2',
      'TCP4 1.1.1.1\t2.2.2.2 2.2.2.2 1 2',
      'TCP6 fe80::1%eth0 ::1 1 2',
      'TCP6 [::1] ::1 1 2',
      'TCP6 ::1::2 ::1 1 2',
      'TCP6 ::: ::1 1 2',
      'TCP6 1:2:3:4:5:6:7 ::1 1 2',
      'TCP6 1:2:3:4:5:6:7:8:9 ::1 1 2',
      'TCP6 1:2:3:4::5:6:7:8 ::1 1 2',
      'TCP6 00001::1 ::1 1 2',
      'TCP6 g::1 ::1 1 2',
      'TCP6 ::1.2.3 ::1 1 2',
      'TCP6 1.2.3.4:: ::1 1 2',
      'TCP6 :1:: ::1 1 2',
    ],
    'bad-port': [
      'TCP4 1.1.1.1 2.2.2.2 01 2',
      'TCP4 1.1.1.1 2.2.2.2 1 00',
      'TCP4 1.1.1.1 2.2.2.2 65536 2',
      'TCP4 1.1.1.1 2.2.2.2 1 655350',
      'TCP4 1.1.1.1 2.2.2.2 -1 2',
      'TCP4 1.1.1.1 2.2.2.2 +1 2',
      'TCP4 1.1.1.1 2.2.2.2 1 2x',
      'TCP4 1.1.1.1 2.2.2.2 1 \xb2',
    ],
  };
  for (const [rule, lines] of Object.entries(wrong)) {
    for (const line of lines) {
      it(`refuses ${JSON.stringify(line)}`, () => assertRefused(`PROXY ${line}\r\n`, rule));
    }
  }
});

describe('version 2', () => {
  it('reads TCP over IPv4 and over IPv6', () => {
    assertHeader(proxyBlock(0x21, 0x11, IPV4_BLOCK), IPV4_ENDPOINTS);
    assertHeader(proxyBlock(0x21, 0x21, IPV6_BLOCK), IPV6_ENDPOINTS);
  });

  it('takes an IPv4 address mapped into IPv6 for what it is', () => {
    const mapped = '00000000000000000000ffffc0000207' + '00000000000000000000ffff0a010203' + 'dc0401bb';
    assertHeader(proxyBlock(0x21, 0x21, Buffer.from(mapped, 'hex')), IPV4_ENDPOINTS);
  });

  it('skips what stands behind the addresses', () => {
    const more = Buffer.concat([tlv(0x02, Buffer.from('shop.example.org')), tlv(0x04, Buffer.alloc(300))]);
    assertHeader(proxyBlock(0x21, 0x11, Buffer.concat([IPV4_BLOCK, more])), IPV4_ENDPOINTS);
    assertHeader(proxyBlock(0x21, 0x21, Buffer.concat([IPV6_BLOCK, more])), IPV6_ENDPOINTS);
  });

  it('takes a header that its checksum fits, and none that it does not', () => {
    // Made with another implementation of CRC32c (RFC 9260, appendix A).
    const around = (checksum: string): Buffer =>
      proxyBlock(
        0x21,
        0x11,
        Buffer.concat([IPV4_BLOCK, Buffer.from(`0100026832030004${checksum}04000178`, 'hex')]),
      );

    assertHeader(around('8229312a'), IPV4_ENDPOINTS);
    assertRefused(around('82293120'), 'bad-checksum');
    assertRefused(around('00000000'), 'bad-checksum');
  });

  for (const [what, fields, length] of [
    ['longer than the header', '010003', 5],
    ['without a length', '01', 1],
    ['with half a length', '01', 2],
    ['behind a good one', '010000ff', 4],
    ['of a checksum of three octets', '030003', 6],
    ['of a second checksum', '03000400000000030004', 14],
  ] as const) {
    it(`refuses a field ${what}, as soon as that is to be seen`, () => {
      for (const [family, addresses] of [
        [0x11, IPV4_BLOCK],
        [0x21, IPV6_BLOCK],
      ] as const) {
        const begun = Buffer.concat([addresses, Buffer.from(fields, 'hex')]);
        assertRefused(proxyBlock(0x21, family, begun, addresses.length + length), 'bad-field');
      }
    });
  }

  it('keeps the own addresses of LOCAL, whatever is in it', () => {
    assertHeader(proxyBlock(0x20, 0x00, Buffer.alloc(0)), 'own');
    assertHeader(proxyBlock(0x20, 0x11, IPV4_BLOCK), 'own');
    assertHeader(proxyBlock(0x20, 0xff, Buffer.alloc(3)), 'own');
  });

  it('keeps the own addresses of what is not TCP over IP', () => {
    assertHeader(proxyBlock(0x21, 0x00, Buffer.alloc(0)), 'own');
    assertHeader(proxyBlock(0x21, 0x00, Buffer.alloc(7)), 'own');
    assertHeader(proxyBlock(0x21, 0x10, IPV4_BLOCK), 'own');
    assertHeader(proxyBlock(0x21, 0x01, IPV4_BLOCK), 'own');
    assertHeader(proxyBlock(0x21, 0x12, IPV4_BLOCK), 'own');
    assertHeader(proxyBlock(0x21, 0x22, IPV6_BLOCK), 'own');
    assertHeader(proxyBlock(0x21, 0x31, Buffer.alloc(216)), 'own');
    assertHeader(proxyBlock(0x21, 0x32, Buffer.alloc(216)), 'own');
  });

  it('takes a header of exactly the bound, and waits for no longer one', () => {
    const block = Buffer.concat([
      IPV4_BLOCK,
      tlv(0x04, Buffer.alloc(MAX_BLOCK_BYTES - IPV4_BLOCK.length - 3)),
    ]);
    assertHeader(proxyBlock(0x21, 0x11, block), IPV4_ENDPOINTS);
    for (const command of [0x20, 0x21]) {
      assertRefused(proxyBlock(command, 0x11, Buffer.alloc(0), MAX_BLOCK_BYTES + 1), 'block-too-long');
      assertRefused(proxyBlock(command, 0x11, Buffer.alloc(0), 0xffff), 'block-too-long');
    }
  });

  const nothing = Buffer.alloc(0);
  const wrong: readonly (readonly [string, rule: string, Buffer])[] = [
    ['version 1', 'unknown-version', proxyBlock(0x11, 0x11, nothing, 12)],
    ['version 3', 'unknown-version', proxyBlock(0x31, 0x11, nothing, 12)],
    ['version 0', 'unknown-version', proxyBlock(0x01, 0x11, nothing, 12)],
    ['command 2', 'unknown-command', proxyBlock(0x22, 0x11, nothing, 12)],
    ['command 15', 'unknown-command', proxyBlock(0x2f, 0x11, nothing, 12)],
    ['family 4', 'unknown-family', proxyBlock(0x21, 0x41, nothing, 12)],
    ['family 15', 'unknown-family', proxyBlock(0x21, 0xf0, nothing, 12)],
    ['transport 3', 'unknown-family', proxyBlock(0x21, 0x13, nothing, 12)],
    ['transport 15 without a family', 'unknown-family', proxyBlock(0x21, 0x0f, nothing, 12)],
    ['IPv4 in 11 octets', 'truncated-addresses', proxyBlock(0x21, 0x11, nothing, 11)],
    ['IPv6 in 35 octets', 'truncated-addresses', proxyBlock(0x21, 0x21, nothing, 35)],
    ['UDP over IPv6 in 12 octets', 'truncated-addresses', proxyBlock(0x21, 0x22, nothing, 12)],
    ['UNIX in 215 octets', 'truncated-addresses', proxyBlock(0x21, 0x31, nothing, 215)],
  ];
  for (const [what, rule, bytes] of wrong) it(`refuses ${what}`, () => assertRefused(bytes, rule));
});

describe('what is no header', () => {
  const others = [
    'G',
    '\x16',
    'PR\x49',
    '\0',
    'PROXZ',
    'PROXY\t',
    'PROXY\r',
    '\r\nG',
    '\r\n\r\n\x01',
    'p',
    '\n',
  ];
  for (const bytes of others) {
    it(`is refused at its first wrong byte: ${JSON.stringify(bytes)}`, () =>
      assertRefused(bytes, 'not-a-header'));
  }

  it('is the signature with any one octet changed', () => {
    for (let i = 0; i < PROXY_SIGNATURE.length; i++) {
      const changed = Buffer.from(PROXY_SIGNATURE.subarray(0, i + 1));
      changed[i] = changed[i]! ^ 0x20;
      assert.equal(parse([changed]).outcome, 'not-a-header');
    }
  });
});

it('is asked for nothing more once it has answered', () => {
  const parser = new ProxyHeaderParser();
  parser.receive(Buffer.from('G'));

  assert.throws(() => parser.receive(Buffer.from('E')), /read already/);
});

describe('property', () => {
  const version = fc.constantFrom('v1' as const, 'v2' as const);
  const port = fc.integer({ min: 0, max: 65535 });
  const groups = fc.array(fc.integer({ min: 1, max: 65535 }), { minLength: 8, maxLength: 8 });
  const endpoint4 = fc.tuple(fc.ipV4(), port).map(([address, number]) => ({ address, port: number }));
  const endpoint6 = fc
    .tuple(groups.map(groupsText), port)
    .map(([address, number]) => ({ address, port: number }));

  it('reads what the writer writes', () => {
    for (const endpoint of [endpoint4, endpoint6]) {
      fc.assert(
        fc.property(version, endpoint, endpoint, (which, source, destination) => {
          const header = encodeProxyHeader(which, source, destination);
          assert.deepEqual(parse([header]), {
            outcome: { source, destination },
            consumed: header.length,
          });
        }),
      );
    }
  });

  it('reads of a mixed pair both addresses', () => {
    fc.assert(
      fc.property(version, endpoint4, endpoint6, (which, source, destination) => {
        assert.deepEqual(parse([encodeProxyHeader(which, source, destination)]).outcome, {
          source,
          destination,
        });
      }),
    );
  });

  it('answers the same to every cut of anything that begins like a header', () => {
    const beginning = fc.constantFrom(
      Buffer.from('PROXY '),
      Buffer.from('PROXY TCP4 '),
      Buffer.from('PROXY UNKNOWN '),
      PROXY_SIGNATURE,
      Buffer.concat([PROXY_SIGNATURE, Buffer.from([0x21, 0x11, 0])]),
    );
    const rest = fc.oneof(
      fc.uint8Array({ maxLength: 160 }),
      fc
        .string({ unit: fc.constantFrom(...' .:\r\n019af'), maxLength: 120 })
        .map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(beginning, rest, fc.array(fc.nat({ max: 40 }), { maxLength: 12 }), (begin, end, sizes) => {
        const bytes = Buffer.concat([begin, end]);
        const pieces: Buffer[] = [];
        let at = 0;
        for (const size of sizes) {
          pieces.push(bytes.subarray(at, at + size));
          at = Math.min(bytes.length, at + size);
        }
        pieces.push(bytes.subarray(at));
        assert.deepEqual(parse(pieces), parse([bytes]));
      }),
      { numRuns: 2000 },
    );
  });
});

function groupsText(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(':');
}
