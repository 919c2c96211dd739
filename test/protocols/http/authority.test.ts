import assert from 'node:assert/strict';
import { isIPv6 } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  authorityHost,
  isValidAuthority,
  MAX_HOST_CHARS,
  splitAuthority,
} from '../../../protocols/http/authority.ts';

const ACCEPTED: readonly (readonly [authority: string, host: string, port: number | undefined])[] = [
  ['example.org', 'example.org', undefined],
  ['Example.ORG:8443', 'example.org', 8443],
  ['example.org.', 'example.org', undefined],
  ['example.org.:80', 'example.org', 80],
  ['example.org:', 'example.org', undefined],
  ['example.org:0', 'example.org', 0],
  ['example.org:65535', 'example.org', 65535],
  ['example.org:00080', 'example.org', 80],
  ['a', 'a', undefined],
  ['a_b-c~d.example', 'a_b-c~d.example', undefined],
  ['xn--bcher-kva.example', 'xn--bcher-kva.example', undefined],
  ['caf%C3%A9.example', 'caf%c3%a9.example', undefined],
  ['127.0.0.1:80', '127.0.0.1', 80],
  ['[::1]', '::1', undefined],
  ['[::1]:', '::1', undefined],
  ['[::]:443', '::', 443],
  ['[2001:DB8::A]:8443', '2001:db8::a', 8443],
  ['[1:2:3:4:5:6:7:8]', '1:2:3:4:5:6:7:8', undefined],
  ['[1::8]', '1::8', undefined],
  ['[1:2:3:4:5:6:7::]', '1:2:3:4:5:6:7:0', undefined],
  ['[0:00:0:0::0001]', '::1', undefined],
  ['[::ffff:192.0.2.1]', '::ffff:c000:201', undefined],
  ['[1:2:3:4:5:6:192.0.2.1]', '1:2:3:4:5:6:c000:201', undefined],
  ['__proto__', '__proto__', undefined],
];

const REFUSED: readonly string[] = [
  '',
  ':80',
  ':',
  'user@example.org',
  'user:secret@example.org',
  'example.org:80:80',
  'example.org:65536',
  'example.org:99999999999999999999',
  'example.org:-1',
  'example.org:8o',
  'example.org: 80',
  'example.org ',
  ' example.org',
  'exa mple.org',
  'a.example,b.example',
  'example.org/',
  'example.org?x',
  'example.org#x',
  'example.org\\x',
  'exam"ple.org',
  'exam<ple.org',
  'exam\u0000ple.org',
  'example.org\r\n',
  'b\u00fccher.example',
  'b\u0171cher.example',
  'exam%ple.org',
  'exam%4',
  'exam%4g.org',
  '[]',
  '[',
  '[::1',
  '::1',
  '[:::]',
  '[1::2::3]',
  '[1:2:3:4:5:6:7]',
  '[1:2:3:4:5:6:7:8:9]',
  '[1:2:3:4:5:6:7:8::]',
  '[1:2:3:4:5:6:7:]',
  '[:1:2:3:4:5:6:7]',
  '[12345::]',
  '[::1.2.3]',
  '[::1.2.3.256]',
  '[::1.2.3.04]',
  '[::1.2.3.4.5]',
  '[::1.2.3.4:5]',
  '[1:2:3:4:5:6:7:1.2.3.4]',
  '[fe80::1%25eth0]',
  '[fe80::1%eth0]',
  '[v1.x]',
  '[::1]x',
  '[::1]]',
  '[[::1]]',
  'x[::1]',
];

for (const [authority, host, port] of ACCEPTED) {
  test(`reads ${authority} as host ${host} and port ${port ?? 'none'}`, () => {
    assert.deepEqual(splitAuthority(authority), { host, port });
    assert.equal(isValidAuthority(authority), true);
    assert.equal(authorityHost(authority), host);
  });
}

for (const authority of REFUSED) {
  test(`refuses ${JSON.stringify(authority)}`, () => {
    assert.equal(splitAuthority(authority), undefined);
    assert.equal(isValidAuthority(authority), false);
  });
}

test('takes a missing Host as an empty lookup host', () => {
  assert.equal(authorityHost(''), '');
});

test('refuses a host of more characters than DNS can carry', () => {
  assert.equal(isValidAuthority('a'.repeat(MAX_HOST_CHARS)), true);
  assert.equal(isValidAuthority(`${'a'.repeat(MAX_HOST_CHARS)}:80`), true);
  assert.equal(isValidAuthority('a'.repeat(MAX_HOST_CHARS + 1)), false);
});

test('agrees with the platform about which bracketed addresses are IPv6', () => {
  const group = fc.stringMatching(/^[0-9a-f]{0,5}$/);
  const separator = fc.constantFrom(':', '::', '.');
  const address = fc
    .array(fc.tuple(group, separator), { maxLength: 9 })
    .map((parts) => parts.flat().join(''))
    .chain((text) => fc.constantFrom(text, text.slice(0, -1), text.slice(0, -2), `${text}192.0.2.1`));

  fc.assert(
    fc.property(fc.oneof(address, fc.ipV6()), (text) => {
      assert.equal(isValidAuthority(`[${text}]`), isIPv6(text));
    }),
    { numRuns: 3000 },
  );
});

test('gives the same host by the quick way and by the strict one', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'aZ0.-:[]%4F@, /') }), (text) => {
      const split = splitAuthority(text);
      assert.equal(isValidAuthority(text), split !== undefined);
      if (split !== undefined) assert.equal(authorityHost(text), split.host);
    }),
    { numRuns: 3000 },
  );
});
