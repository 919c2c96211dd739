import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressBlocks } from '../../../src/core/address-blocks.ts';

test('an address is listed however it is written, and an IPv4 address also as IPv6 has it', () => {
  const blocks = new AddressBlocks(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '::1']);

  for (const listed of [
    '10.255.0.1',
    '::ffff:10.0.0.1',
    '::ffff:a00:1',
    '192.0.2.7',
    '2001:db8::5',
    '2001:0DB8:0:0::5',
    '::1',
    '0:0:0:0:0:0:0:1',
  ])
    assert.ok(blocks.has(listed), listed);
  for (const other of ['11.0.0.1', '192.0.2.8', '2001:db9::', '::2', '::ffff:b00:1'])
    assert.ok(!blocks.has(other), other);
});

test('what is no address is not listed, whatever is', () => {
  const blocks = new AddressBlocks(['0.0.0.0/0', '::/0']);

  for (const text of ['', 'localhost', '10.0.0', '10.0.0.1:80', '[::1]', '010.0.0.1'])
    assert.ok(!blocks.has(text), text);
  assert.ok(blocks.has('192.0.2.1') && blocks.has('2001:db8::1'));
});
