import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeCheckRequest, saysServing } from '../../../src/upstream/grpc-health-message.ts';

/** A message as gRPC frames it. */
function framed(...message: number[]): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, Buffer.from(message)]);
}

test('asks about the server as a whole by an empty message', () => {
  assert.deepEqual([...encodeCheckRequest('')], [0, 0, 0, 0, 0]);
});

test('asks about a service by its name', () => {
  assert.deepEqual([...encodeCheckRequest('a.B')], [0, 0, 0, 0, 5, 0x0a, 3, 0x61, 0x2e, 0x42]);
  // The length takes two octets from 128 on, and counts octets, not characters.
  const long = encodeCheckRequest('é'.repeat(100));
  assert.deepEqual([...long.subarray(0, 8)], [0, 0, 0, 0, 203, 0x0a, 200, 1]);
  assert.equal(long.subarray(8).toString(), 'é'.repeat(100));
});

test('takes SERVING for well, and nothing else', () => {
  assert.equal(saysServing(framed(8, 1)), true);
  // UNKNOWN is not written; NOT_SERVING, SERVICE_UNKNOWN, one that does not exist, and one that is 1 in its lowest 32 bits.
  for (const message of [[], [8, 0], [8, 2], [8, 3], [8, 9], [8, 0x81, 0x80, 0x80, 0x80, 0x10]])
    assert.equal(saysServing(framed(...message)), false, `${message}`);
});

test('passes over fields that it does not know, and lets the last of a field count', () => {
  const others = [0x10, 0xff, 1, 0x1a, 2, 8, 2, 0x21, 1, 2, 3, 4, 5, 6, 7, 8, 0x2d, 1, 2, 3, 4];
  assert.equal(saysServing(framed(...others, 8, 1)), true);
  assert.equal(saysServing(framed(8, 1, ...others)), true);
  assert.equal(saysServing(framed(8, 2, 8, 1)), true);
  assert.equal(saysServing(framed(8, 1, 8, 2)), false);
});

test('does not believe what is cut off, too long, compressed, or no protobuf', () => {
  const whole = framed(0x1a, 2, 7, 7, 8, 1);
  assert.equal(saysServing(whole), true);
  for (let end = 0; end < whole.length; end++) assert.equal(saysServing(whole.subarray(0, end)), false);
  assert.equal(saysServing(Buffer.concat([whole, framed(8, 1)])), false, 'a second message');
  assert.equal(saysServing(Buffer.from([1, 0, 0, 0, 2, 8, 1])), false, 'compressed');
  for (const rest of [[0x1a, 3, 7], [0x0b], [0x01, 0], [0x21, 1], Array(12).fill(0x88)])
    assert.equal(saysServing(framed(8, 1, ...rest)), false, `${rest}`);
});

test('takes any octets without fault', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(255), { maxLength: 40 }), (octets) => {
      assert.equal(typeof saysServing(framed(...octets)), 'boolean');
      assert.equal(typeof saysServing(Buffer.from(octets)), 'boolean');
    }),
  );
});
