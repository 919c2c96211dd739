import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownAuthority } from '../../../src/proxy/own-authority.ts';
import { session } from '../../support/finished-exchange.ts';

for (const [what, made, expected] of [
  ['the name in the handshake', session({}, {}), 'shop.example.org'],
  ['the address, where the handshake named none', session({}, { serverName: '' }), '127.0.0.1:8443'],
  ['no port that the scheme implies', at('192.0.2.1', 80), '192.0.2.1'],
  ['brackets around IPv6', at('2001:db8::1', 8080), '[2001:db8::1]:8080'],
  ['no zone', at('fe80::1%eth0', 80), '[fe80::1]'],
] as const) {
  test(`in place of a Host that was not sent: ${what}`, () => {
    assert.equal(ownAuthority(made), expected);
  });
}

function at(localAddress: string, localPort: number): ReturnType<typeof session> {
  return session({ endpoint: { localAddress, localPort } });
}
