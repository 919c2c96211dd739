import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, it } from 'node:test';
import { HeldBody } from '../../../protocols/http2/held-body.ts';

function taken(held: HeldBody): Buffer[] {
  const pieces: Buffer[] = [];
  for (let piece = held.shift(); piece !== undefined; piece = held.shift()) pieces.push(piece);
  return pieces;
}

describe('a held body', () => {
  it('gives back what it was given, whatever becomes of the memory of that', () => {
    const held = new HeldBody();
    const read = Buffer.from('..one..two');
    held.push(read, 2, 5);
    held.push(read, 7, 10);
    read.fill(0);
    assert.equal(Buffer.concat(taken(held)).toString(), 'onetwo');
    assert.equal(held.shift(), undefined);
  });

  it('does not change what it has given back', () => {
    const held = new HeldBody();
    held.push(Buffer.from('abc'), 0, 3);
    held.push(Buffer.from('d'), 0, 1);
    const first = taken(held);
    held.push(Buffer.from('xyz'), 0, 3);
    assert.equal(Buffer.concat(first).toString(), 'abcd');
    assert.equal(Buffer.concat(taken(held)).toString(), 'xyz');
  });

  it('keeps a body that comes octet by octet in little more memory than it has octets', () => {
    const held = new HeldBody();
    const octet = Buffer.alloc(1);
    for (let i = 0; i < 100_000; i++) {
      octet[0] = i;
      held.push(octet, 0, 1);
    }
    const pieces = taken(held);
    assert.ok(pieces.length < 30, `${pieces.length}`);
    const body = Buffer.concat(pieces);
    assert.equal(body.length, 100_000);
    assert.ok(body.every((value, i) => value === i % 256));
  });

  it('takes large pieces as they are', () => {
    const held = new HeldBody();
    const piece = Buffer.alloc(16_384, 1);
    for (let i = 0; i < 4; i++) held.push(piece, 0, piece.length);
    assert.deepEqual(
      taken(held).map(({ length }) => length),
      [16_384, 16_384, 16_384, 16_384],
    );
  });
});
