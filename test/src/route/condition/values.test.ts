import assert from 'node:assert/strict';
import { isIP, SocketAddress } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressText, isIPv4Key, readAddress } from '../../../../src/route/condition/address-key.ts';
import { cookiePairs } from '../../../../src/route/condition/cookie-pairs.ts';
import { murmur3, murmur3Bucket } from '../../../../src/route/condition/murmur3.ts';
import { foldCase, fromOctets, toOctets } from '../../../../src/route/condition/octet-text.ts';
import { PrefixTable } from '../../../../src/route/condition/prefix-table.ts';
import { queryParameters } from '../../../../src/route/condition/query-parameters.ts';
import { readMoment, readTimeOfDay } from '../../../../src/route/condition/time-text.ts';

test('murmur3 gives the published values of the 128-bit x64 variant, first half', () => {
  const published = [
    ['', '0000000000000000'],
    ['hello', 'cbd8a7b341bd9b02'],
    ['hello, world', '342fac623a5ebc8e'],
    ['19 Jan 2038 at 3:14:07 AM', 'b89e5988b737affc'],
    ['The quick brown fox jumps over the lazy dog.', 'cd99481f9ee902c9'],
  ] as const;
  for (const [text, expected] of published) {
    const { high, low } = murmur3(text);
    const bits = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
    assert.equal(bits.toString(16).padStart(16, '0'), expected, text);
  }
});

test('a user is in the bucket that BFE puts him into', () => {
  const buckets = ['test-uid-0001', 'test-uid-0002', 'test-uid-0003', 'test-uid-0004'].map((id) =>
    murmur3Bucket(id, 10_000),
  );

  assert.deepEqual(buckets, [5968, 4073, 4055, 9683]);
});

test('murmur3 is what its definition in whole numbers of any size gives', () => {
  const octets = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
    maxLength: 70,
  });
  fc.assert(
    fc.property(octets, (text) => {
      const expected = murmur3ByDefinition(text);
      const { high, low } = murmur3(text);
      assert.equal((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0), expected);
      assert.equal(murmur3Bucket(text, 10_000), Number(expected % 10_000n));
    }),
  );
});

test('addresses are read as Node reads them, and written as it writes them', () => {
  const texts = [
    '0.0.0.0',
    '255.255.255.255',
    '10.1.2.3',
    '::',
    '::1',
    '1::',
    '2001:db8::8:800:200c:417a',
    '2001:0DB8:0:0:1:0:0:1',
    '1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:1.2.3.4',
    '64:ff9b::192.0.2.33',
    '1:0:0:2:0:0:0:3',
    '0:1:0:1:0:1:0:1',
    'fe80::1',
  ];
  for (const text of texts) {
    const key = readAddress(text);
    assert.ok(key !== undefined && key.length === 8, text);
    const family = isIP(text) === 6 ? 'ipv6' : 'ipv4';
    assert.equal(isIPv4Key(key), family === 'ipv4', text);
    if (!text.startsWith('64:')) {
      const written = new SocketAddress({ address: text, family }).address;
      assert.equal(
        addressText(key),
        family === 'ipv4' ? written : new URL(`http://[${text}]`).hostname.slice(1, -1),
      );
    }
  }
  assert.equal(readAddress('::ffff:10.1.2.3'), readAddress('10.1.2.3'));
  assert.equal(readAddress('::FFFF:0a01:0203'), readAddress('10.1.2.3'));
});

test('what is no address is told, as Node tells it', () => {
  const part = fc.constantFrom(
    '0',
    '1',
    'ffff',
    '12345',
    '255',
    '256',
    '01',
    'g',
    '',
    ':',
    '::',
    '.',
    '%eth0',
    ' ',
    '1.2.3.4',
  );
  const joined = fc
    .array(part, { maxLength: 10 })
    .chain((parts) => fc.constantFrom(parts.join(':'), parts.join('.'), parts.join('')));
  fc.assert(
    fc.property(joined, (text) => {
      const isAddress = isIP(text) !== 0 && !text.includes('%');
      assert.equal(readAddress(text) !== undefined, isAddress, JSON.stringify(text));
    }),
    { numRuns: 3000 },
  );
  for (const text of [
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.4 ',
    '[::1]',
    '1:2:3:4:5:6:7',
    '1::2::3',
    ':1',
    '1:',
    '1:2:3:4:5:6:7::8',
  ])
    assert.equal(readAddress(text) !== undefined, isIP(text) !== 0, text);
});

test('keys have the order of addresses', () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.ipV4(), (a, b) => {
      const value = (text: string) => text.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
      assert.equal(readAddress(a)! < readAddress(b)!, value(a) < value(b));
    }),
  );
});

test('parameters of a query are decoded, the first of a name counts', () => {
  const read = (query: string) => Object.fromEntries(queryParameters(query));

  assert.deepEqual(read(''), {});
  assert.deepEqual(read('&&'), {});
  assert.deepEqual(read('a=1&b=2&a=3'), { a: '1', b: '2' });
  assert.deepEqual(read('a&b=&=c'), { a: '', b: '', '': 'c' });
  assert.deepEqual(read('a=b=c'), { a: 'b=c' });
  assert.deepEqual(read('a+b=c+d&%61%2B=%26%3d'), { 'a b': 'c d', 'a+': '&=' });
  assert.deepEqual(read('n=%C3%A9'), { n: '\xc3\xa9' });
  assert.deepEqual(read('a=%&b=%1&c=%zz&%=d&e=5'), { e: '5' });
  assert.deepEqual(read('a=1;b=2&c=3'), { c: '3' });
  assert.deepEqual([...queryParameters('__proto__=1')], [['__proto__', '1']]);
});

test('cookies are read from every line, the first of a name counts', () => {
  const read = (...lines: string[]) =>
    Object.fromEntries(cookiePairs(lines.flatMap((line) => ['cookie', line])));

  assert.deepEqual(read('a=1; b=2;c=3', 'a=4; d=5'), { a: '1', b: '2', c: '3', d: '5' });
  assert.deepEqual(read('a="1"; b=""; c="'), { a: '1', b: '' });
  assert.deepEqual(read('a; b=; =c'), { a: '', b: '' });
  assert.deepEqual(read('a=x=y;;  ; b =1'), { a: 'x=y' });
  assert.deepEqual(read('a=1 2; b=1,2; c=1\\2; d=\xe9; e=5'), { e: '5' });
  assert.deepEqual(Object.fromEntries(cookiePairs(['x-cookie', 'a=1'])), {});
});

test('moments have a zone by letter', () => {
  assert.equal(readMoment('20260131235959Z'), Date.UTC(2026, 0, 31, 23, 59, 59));
  assert.equal(readMoment('20260131235959H'), Date.UTC(2026, 0, 31, 15, 59, 59));
  assert.equal(readMoment('20260131235959h'), Date.UTC(2026, 0, 31, 15, 59, 59));
  assert.equal(readMoment('20260131000000Y'), Date.UTC(2026, 0, 31, 12));
  assert.equal(readMoment('20260131000000M'), Date.UTC(2026, 0, 30, 12));
  assert.equal(readMoment('20240229000000Z'), Date.UTC(2024, 1, 29));
  for (const wrong of [
    '20260229000000Z',
    '20261301000000Z',
    '20260100000000Z',
    '20260131240000Z',
    '20260131006000Z',
    '20260131000060Z',
    '20260131000000',
    '20260131000000J',
    '20260131000000ZZ',
    '2026013100000Z',
    '',
  ])
    assert.equal(readMoment(wrong), undefined, wrong);
});

test('times of the day have a zone by letter', () => {
  assert.deepEqual(readTimeOfDay('093000H'), { seconds: 9.5 * 3600, offset: 8 * 3600 });
  assert.deepEqual(readTimeOfDay('235959R'), { seconds: 86_399, offset: -5 * 3600 });
  for (const wrong of ['240000Z', '006000Z', '000060Z', '0930Z', '093000', '093000J'])
    assert.equal(readTimeOfDay(wrong), undefined, wrong);
});

test('case is folded for ASCII letters only', () => {
  assert.equal(foldCase('AbC-9_Z'), 'abc-9_z');
  assert.equal(foldCase(toOctets('ÉCOLE')), toOctets('École'));
  assert.equal(foldCase('\xc3\x89A'), '\xc3\x89a');
  assert.equal(foldCase('@[`{'), '@[`{');
});

test('texts become octets and back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      assert.equal(toOctets(text), Buffer.from(text).toString('latin1'));
      assert.equal(fromOctets(toOctets(text)), text);
    }),
  );
  assert.equal(fromOctets('\xff'), '\ufffd');
});

test('a table of prefixes finds all prefixes of a text, the longest first', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '/', '\xff'), maxLength: 6 });
  fc.assert(
    fc.property(fc.uniqueArray(word, { maxLength: 30 }), word, (prefixes, text) => {
      const table = new PrefixTable(new Map(prefixes.map((prefix) => [prefix, `=${prefix}`])));
      const found: string[] = [];
      for (let entry = table.longest(text); entry !== undefined; entry = entry.shorter)
        found.push(entry.value);
      const expected = prefixes
        .filter((prefix) => text.startsWith(prefix))
        .sort((a, b) => b.length - a.length);
      assert.deepEqual(
        found,
        expected.map((prefix) => `=${prefix}`),
      );
    }),
    { numRuns: 1000 },
  );
});

/** MurmurHash3_x64_128, written down from its definition with numbers of any size. */
function murmur3ByDefinition(text: string): bigint {
  const mask = (n: bigint) => BigInt.asUintN(64, n);
  const rotate = (n: bigint, by: bigint) => mask((n << by) | (n >> (64n - by)));
  const c1 = 0x87c37b91114253d5n;
  const c2 = 0x4cf5ad432745937fn;
  const bytes = Buffer.from(text, 'latin1');
  const first = (k: bigint) => mask(rotate(mask(k * c1), 31n) * c2);
  const second = (k: bigint) => mask(rotate(mask(k * c2), 33n) * c1);
  let h1 = 0n;
  let h2 = 0n;
  let at = 0;
  for (; at + 16 <= bytes.length; at += 16) {
    h1 = mask((rotate(h1 ^ first(bytes.readBigUInt64LE(at)), 27n) + h2) * 5n + 0x52dce729n);
    h2 = mask((rotate(h2 ^ second(bytes.readBigUInt64LE(at + 8)), 31n) + h1) * 5n + 0x38495ab5n);
  }
  const tail = Buffer.alloc(16);
  bytes.copy(tail, 0, at);
  h2 ^= second(tail.readBigUInt64LE(8));
  h1 ^= first(tail.readBigUInt64LE(0));
  const length = BigInt(bytes.length);
  const mix = (n: bigint) => {
    const once = mask((n ^ (n >> 33n)) * 0xff51afd7ed558ccdn);
    const twice = mask((once ^ (once >> 33n)) * 0xc4ceb9fe1a85ec53n);
    return twice ^ (twice >> 33n);
  };
  h1 = mask((h1 ^ length) + (h2 ^ length));
  h2 = mask((h2 ^ length) + h1);
  return mask(mix(h1) + mix(h2));
}
