import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { type BytesOwner, UNSHARED } from '../../../protocols/http/output.ts';
import { SocketOutput } from '../../../src/transport/socket-output.ts';

/** A socket's writable half that shows what it is given in one go, and completes writes when told. */
class Sink extends Writable {
  /** Each entry is one write or writev. */
  readonly writes: Buffer[][] = [];
  #complete: (() => void) | undefined;

  constructor() {
    super({ highWaterMark: 65_536, decodeStrings: true });
  }

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    this.writes.push([chunk]);
    this.#complete = callback;
  }

  override _writev(chunks: { chunk: Buffer }[], callback: () => void): void {
    this.writes.push(chunks.map(({ chunk }) => chunk));
    this.#complete = callback;
  }

  async complete(): Promise<void> {
    this.#complete?.();
    await new Promise((resolve) => setImmediate(resolve));
  }

  get text(): string {
    return this.writes.map((pieces) => Buffer.concat(pieces).toString('latin1')).join('');
  }
}

class Owner implements BytesOwner {
  held = 0;
  releases = 0;
  readonly release = (): void => {
    this.held -= 1;
    this.releases += 1;
  };

  retain(): void {
    this.held += 1;
  }
}

const BIG = Buffer.alloc(100_000, 'b');

function open(): { sink: Sink; output: SocketOutput } {
  const sink = new Sink();
  return { sink, output: new SocketOutput(sink as unknown as Socket) };
}

test('what is sent between two flushes goes out in one write', () => {
  const { sink, output } = open();

  output.text('head\r\n');
  output.bytes(Buffer.from('small'), 0, 5, undefined);
  output.text('\xff end');
  assert.deepEqual(sink.writes, []);
  output.flush();

  assert.equal(sink.writes.length, 1);
  assert.equal(sink.text, 'head\r\nsmall\xff end');
});

test('nothing is written when there is nothing', () => {
  const { sink, output } = open();

  output.flush();
  output.text('');
  output.flush();

  assert.deepEqual(sink.writes, []);
});

test('a big piece goes out as it is, between the texts around it, in one gathered write', () => {
  const { sink, output } = open();
  const owner = new Owner();

  output.text('before ');
  output.bytes(BIG, 10, 90_010, owner);
  output.text(' after');
  output.flush();

  assert.equal(sink.writes.length, 1);
  const [before, big, after] = sink.writes[0]!;
  assert.deepEqual([String(before), String(after)], ['before ', ' after']);
  assert.equal(big!.buffer, BIG.buffer, 'not copied');
  assert.equal(big!.byteOffset, BIG.byteOffset + 10);
  assert.equal(big!.length, 90_000);
});

test('a big piece is held until its write has completed, and released once', async () => {
  const { sink, output } = open();
  const owner = new Owner();
  output.bytes(BIG, 0, BIG.length, owner);
  assert.equal(owner.held, 1);
  output.flush();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(owner.held, 1);

  await sink.complete();

  assert.deepEqual([owner.held, owner.releases], [0, 1]);
  output.discard();
  assert.equal(owner.releases, 1);
});

test('a small piece is copied, so its owner is not troubled', () => {
  const { sink, output } = open();
  const owner = new Owner();
  const bytes = Buffer.from('small');

  output.bytes(bytes, 0, 5, owner);
  bytes.fill('x');
  output.flush();

  assert.equal(sink.text, 'small');
  assert.equal(owner.releases, 0);
});

test('a big piece without an owner is copied: the next read overwrites it', () => {
  const { sink, output } = open();
  const bytes = Buffer.from(BIG);

  output.bytes(bytes, 0, bytes.length, undefined);
  bytes.fill('x');
  output.flush();

  assert.equal(sink.text, BIG.toString('latin1'));
});

test('what is discarded is released once and never written', async () => {
  const { sink, output } = open();
  const owner = new Owner();
  output.bytes(BIG, 0, BIG.length, owner);
  output.bytes(BIG, 0, BIG.length, owner);
  output.text('rest');

  output.discard();
  output.discard();
  output.flush();

  assert.deepEqual([owner.held, owner.releases], [0, 2]);
  assert.deepEqual(sink.writes, []);
  assert.equal(output.pendingBytes, 0);
});

test('what was given to a socket that is then destroyed is released once', async () => {
  const { sink, output } = open();
  const owner = new Owner();
  sink.on('error', () => {});
  output.bytes(BIG, 0, BIG.length, owner);
  output.flush();
  output.bytes(BIG, 0, BIG.length, owner);
  output.flush();

  sink.destroy();
  await sink.complete();

  assert.deepEqual([owner.held, owner.releases], [0, 2]);
});

test('what is flushed to a socket that was destroyed before is released, and nothing is thrown', async () => {
  const { sink, output } = open();
  const owner = new Owner();
  sink.on('error', () => {});
  sink.destroy();
  await sink.complete();

  output.text('late');
  output.bytes(BIG, 0, BIG.length, owner);
  output.flush();
  await sink.complete();

  assert.deepEqual([owner.held, owner.releases], [0, 1]);
});

test('pending is what has not left: collected and in the socket alike', async () => {
  const { sink, output } = open();
  output.text('12345');
  assert.equal(output.pendingBytes, 5);
  output.bytes(BIG, 0, BIG.length, UNSHARED);
  assert.equal(output.pendingBytes, 100_005);
  assert.equal(output.isFull, true);
  output.flush();
  assert.equal(output.pendingBytes, 100_005);

  await sink.complete();

  assert.equal(output.pendingBytes, 0);
  assert.equal(output.isFull, false);
});

test('pieces that lie together in memory go out as one, and are held once', async () => {
  const { sink, output } = open();
  const [owner, other] = [new Owner(), new Owner()];
  const memory = Buffer.alloc(60_000, 'm');

  output.bytes(memory, 0, 10_000, owner);
  output.bytes(memory.subarray(10_000), 0, 10_000, owner);
  output.bytes(memory, 20_000, 30_000, owner);
  assert.equal(output.pendingBytes, 30_000);
  output.bytes(memory, 40_000, 50_000, owner);
  output.bytes(memory, 50_000, 60_000, other);
  output.flush();

  assert.deepEqual(
    sink.writes.map((pieces) => pieces.map(({ length }) => length)),
    [[30_000, 10_000, 10_000]],
  );
  assert.deepEqual([owner.held, other.held], [2, 1]);
  await sink.complete();
  assert.deepEqual([owner.held, other.held], [0, 0]);
});
