import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, it } from 'node:test';
import { Receiver } from '../../../protocols/http2/receiver.ts';
import { Http2Stream } from '../../../protocols/http2/stream.ts';
import { TEST_LIMITS } from '../../support/http2-engine-wire.ts';
import { RecordingSink } from '../../support/http2-recording-sink.ts';

/** A receiver with one stream; what it gives back to the peer adds up. */
function rig() {
  const sink = new RecordingSink();
  const stream = new Http2Stream(1, 0);
  stream.sink = sink;
  const counted = { released: 0 };
  const receiver = new Receiver(TEST_LIMITS, (_, bytes) => {
    counted.released += bytes;
  });
  const take = (text: string) =>
    receiver.take(stream, Buffer.from(`.${text}.`), 1, text.length + 1, undefined);
  return { sink, stream, receiver, counted, take };
}

describe('a receiver', () => {
  it('holds a body until it is wanted, and grants nothing for it before', () => {
    const { sink, stream, receiver, counted, take } = rig();
    take('abc');
    take('def');
    receiver.end(stream, ['x-a', 'b']);
    assert.deepEqual(sink.calls, []);
    assert.equal(counted.released, 0);

    receiver.read(stream);

    assert.equal(sink.body, 'abcdef');
    assert.deepEqual(sink.trailers, ['x-a', 'b']);
    assert.equal(counted.released, 6);
    receiver.read(stream);
    receiver.resume(stream);
  });

  it('shows a body as it comes to one who wants it, and grants it at once', () => {
    const { sink, stream, receiver, counted, take } = rig();
    receiver.read(stream);
    take('abc');
    assert.equal(sink.body, 'abc');
    assert.equal(counted.released, 3);
    receiver.end(stream, []);
    assert.ok(sink.isEnded);
  });

  it('pauses: what was shown last is granted when it goes on, what comes meanwhile is held, and so is the end', () => {
    const { sink, stream, receiver, counted, take } = rig();
    receiver.read(stream);
    take('abc');
    sink.takes = false;
    take('de');
    take('fgh');
    receiver.end(stream, []);
    assert.equal(sink.body, 'abcde');
    assert.equal(counted.released, 3);

    receiver.resume(stream);
    assert.equal(sink.body, 'abcdefgh');
    assert.equal(sink.isEnded, false);
    assert.equal(counted.released, 3);

    sink.takes = true;
    receiver.resume(stream);
    assert.equal(counted.released, 8);
    assert.ok(sink.isEnded);
  });

  it('counts what is owed', () => {
    const { stream, receiver, take } = rig();
    stream.owed = 4;
    take('abc');
    assert.equal(stream.owed, 1);
    receiver.read(stream);
    take('d');
    assert.equal(stream.owed, 0);
  });

  it('tells what was never granted of a stream that is forgotten, once', () => {
    const { sink, stream, receiver, counted, take } = rig();
    take('abc');
    assert.equal(receiver.forget(stream), 3);
    assert.equal(receiver.forget(stream), 0);
    receiver.read(stream);
    assert.deepEqual(sink.calls, []);
    assert.equal(counted.released, 0);
  });

  it('may be told to forget the stream by the one who is shown it, held or not', () => {
    for (const isHeld of [true, false]) {
      const { sink, stream, receiver, counted, take } = rig();
      let forgotten = 0;
      sink.during = () => {
        forgotten += receiver.forget(stream);
        sink.isGivenUp = true;
      };
      if (!isHeld) receiver.read(stream);
      take('abc');
      if (isHeld) {
        take('def');
        receiver.end(stream, []);
        receiver.read(stream);
      }
      assert.deepEqual(sink.calls, ['bodyData']);
      assert.equal(forgotten, isHeld ? 6 : 3);
      assert.equal(counted.released, 0);
    }
  });

  it('owes 100 (Continue) no longer when the body has begun', () => {
    const { stream, take } = rig();
    stream.continueDue = true;
    take('a');
    assert.equal(stream.continueDue, false);
  });
});
