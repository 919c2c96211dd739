import assert from 'node:assert/strict';
import type { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { FrameWriter } from '../../../src/transport/frame-writer.ts';

/** A socket whose peer takes what the test says. */
class FakeSocket {
  written = 0;
  taken = 0;
  _handle: { bytesWritten: number; writeQueueSize: number } = { bytesWritten: 0, writeQueueSize: 0 };

  write(bytes: Buffer): void {
    this.written += bytes.length;
    this.take(0);
  }

  take(bytes: number): void {
    this.taken += bytes;
    this._handle = { bytesWritten: this.written, writeQueueSize: this.written - this.taken };
  }

  get writableLength(): number {
    return this.written - this.taken;
  }
}

const PATIENCE_MS = 1000;

function open() {
  const socket = new FakeSocket();
  let now = 0;
  const writer = new FrameWriter(socket as unknown as Socket, () => now + PATIENCE_MS);
  const send = (bytes: number): void => {
    writer.output.reserve(bytes);
    writer.flush();
  };
  return { socket, writer, send, pass: (ms: number) => (now += ms) };
}

test('what the kernel takes at once is awaited by nobody', () => {
  const { socket, writer } = open();
  socket.write = (bytes) => {
    socket.written += bytes.length;
    socket.take(bytes.length);
  };
  writer.output.reserve(10);
  writer.flush();
  assert.equal(writer.dueAt, Number.POSITIVE_INFINITY);
});

test('the time of what waits begins with its first write, and more of it does not prolong it', () => {
  const { writer, send, pass } = open();
  send(10);
  assert.equal(writer.dueAt, 1000);
  pass(300);
  send(10);
  assert.equal(writer.dueAt, 1000);
});

test('a peer that has taken something gets as long again, one that has taken nothing is stuck', () => {
  const { socket, writer, send, pass } = open();
  send(10);
  pass(1000);
  socket.take(1);
  assert.equal(writer.isStuck(), false);
  assert.equal(writer.dueAt, 2000);
  pass(1000);
  assert.equal(writer.isStuck(), true);
});

test('nobody is stuck for whom nothing waits any more, whether that was noticed or not', () => {
  const { socket, writer, send, pass } = open();
  send(10);
  writer.drained();
  assert.equal(writer.dueAt, Number.POSITIVE_INFINITY);
  send(10);
  socket.take(20);
  assert.equal(writer.isStuck(), false);
  assert.equal(writer.dueAt, Number.POSITIVE_INFINITY);
  pass(5000);
  send(10);
  assert.equal(writer.dueAt, 6000);
});
