import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TicketKeys } from '../../../src/tls/ticket-keys.ts';
import { TicketRotation } from '../../../src/tls/ticket-rotation.ts';

const [A, B, C] = ['a', 'b', 'c'].map((letter) => Buffer.alloc(48, letter)) as [Buffer, Buffer, Buffer];
const nameOf = (key: Buffer): string => key.toString('latin1', 0, 16);

test('a ticket is read with the key that it names, and everybody else gets the first', () => {
  const keys = new TicketKeys([A, B]);

  assert.equal(keys.keyFor(nameOf(B)), B);
  for (const other of ['', nameOf(A), nameOf(C), 'b', 'x'.repeat(16)]) assert.equal(keys.keyFor(other), A);
});

test('a key that stays is the same object, so that its contexts are found', () => {
  const keys = new TicketKeys([A, B]);

  keys.replace([Buffer.from(C), Buffer.from(A)]);

  assert.equal(keys.keyFor(nameOf(A)), A);
  assert.ok(keys.has(A));
  assert.ok(!keys.has(B));
});

test('no keys, too many, or keys of another length are refused', () => {
  for (const wrong of [[], [A, B, C, A, B], [A.subarray(1)]]) {
    assert.throws(() => new TicketKeys(wrong), /1 to 4 keys of 48 bytes/);
  }
});

test('random keys are replaced by the clock, and the one before is still accepted', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const told: (readonly Buffer[])[] = [];
  const rotation = new TicketRotation({ rotateMs: 60_000, keys: undefined }, (keys) => told.push(keys));
  const [first] = rotation.keys;

  t.mock.timers.tick(59_999);
  assert.equal(told.length, 0);
  t.mock.timers.tick(60_001);

  assert.deepEqual(
    told.map((keys) => keys.length),
    [2, 2],
  );
  assert.equal(told[0]![1], first);
  assert.equal(told[1]![1], told[0]![0]);
  assert.equal(new Set([first, told[0]![0], told[1]![0]].map(String)).size, 3);
  rotation.stop();
  t.mock.timers.tick(600_000);
  assert.equal(told.length, 2);
});

test('keys of a file are taken as they are, replace each other when they change, and no clock touches them', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const settings = (...keys: Buffer[]) => {
    return { rotateMs: 60_000, keys: keys.map((key) => key.toString('base64')) };
  };
  const told: (readonly Buffer[])[] = [];
  const rotation = new TicketRotation(settings(A), (keys) => told.push(keys));

  rotation.update(settings(A));
  t.mock.timers.tick(600_000);
  assert.deepEqual([rotation.keys, told], [[A], []]);
  rotation.update(settings(B, A));
  assert.deepEqual(told, [[B, A]]);
});

test('from a file to random keys and back sessions go on once', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const told: (readonly Buffer[])[] = [];
  const rotation = new TicketRotation({ rotateMs: 60_000, keys: [A.toString('base64')] }, (keys) =>
    told.push(keys),
  );

  rotation.update({ rotateMs: 60_000, keys: undefined });
  t.mock.timers.tick(60_000);
  rotation.update({ rotateMs: 60_000, keys: [B.toString('base64')] });
  t.mock.timers.tick(600_000);

  assert.deepEqual(told[0]![1], A);
  assert.equal(told.length, 3);
  assert.deepEqual(told[2], [B]);
});
