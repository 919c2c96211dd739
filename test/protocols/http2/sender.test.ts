import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, it } from 'node:test';
import { MAX_WINDOW } from '../../../protocols/http2/flow-window.ts';
import { MAX_OUTPUT_BYTES, MAX_QUEUED_BYTES, READ_BYTES } from '../../../protocols/http2/limits.ts';
import { Sender, type SenderEvents } from '../../../protocols/http2/sender.ts';
import { Http2Stream, type StreamSink } from '../../../protocols/http2/stream.ts';
import { CountedOwner } from '../../support/counted-owner.ts';
import { printFrame } from '../../support/http2-describe-frame.ts';
import { Http2FrameReader } from '../../support/http2-frame-reader.ts';
import { RecordingFrameOutput } from '../../support/recording-frame-output.ts';

/** A sender whose streams the test has made. */
class Rig implements SenderEvents {
  readonly output: RecordingFrameOutput = new RecordingFrameOutput();
  readonly sender: Sender = new Sender(this.output, this);
  readonly ended: number[] = [];
  readonly reader: Http2FrameReader = new Http2FrameReader();
  useful = 0;
  #nextId = 1;

  stream(window = MAX_WINDOW, writable: (isAmple: boolean) => void = () => {}): Http2Stream {
    const stream = new Http2Stream(this.#nextId, window);
    this.#nextId += 2;
    stream.sink = { ...IDLE, writable };
    return stream;
  }

  /** The connection's window is no concern. */
  open(): this {
    this.sender.window.grow(MAX_WINDOW - 65_535);
    return this;
  }

  send(stream: Http2Stream, length: number, owner?: CountedOwner): boolean {
    return this.sender.sendData(stream, Buffer.alloc(length, stream.id), 0, length, owner);
  }

  grow(stream: Http2Stream, bytes: number): void {
    stream.sendWindow.grow(bytes);
    this.sender.unblock(stream);
    this.sender.pump();
  }

  /** DATA as stream, length and `*` for END_STREAM; other frames as they are. */
  frames(): string[] {
    return this.reader.read(this.output.take()).map((frame) => {
      if (frame.type !== 0) return printFrame(frame);
      return `${frame.streamId}: ${frame.payload.length}${(frame.flags & 1) === 0 ? '' : '*'}`;
    });
  }

  encodeTrailers(trailers: readonly string[]) {
    const buffer = Buffer.from(trailers.join(), 'latin1');
    return { buffer, length: buffer.length };
  }

  dataSent(): void {
    this.useful += 1;
  }

  localEnd(stream: Http2Stream): void {
    this.ended.push(stream.id);
    this.sender.forget(stream);
  }
}

const IDLE: StreamSink = { bodyBegins() {}, bodyData: () => true, bodyEnd() {}, writable() {}, reset() {} };

describe('what a sender sends at once', () => {
  it('is as much as both windows allow, in frames of at most 16 KiB', () => {
    const rig = new Rig();
    const stream = rig.stream(40_000);

    assert.equal(rig.send(stream, 50_000), false);

    assert.deepEqual(rig.frames(), ['1: 16384', '1: 16384', '1: 7232']);
    assert.equal(stream.queuedBytes, 10_000);
    assert.equal(rig.sender.queuedBytes, 10_000);
    assert.equal(stream.sendWindow.available, 0);
    assert.equal(rig.sender.window.available, 25_535);
  });

  it('waits for the window of the connection, and of a stream that fell below zero', () => {
    const rig = new Rig();
    const [one, two] = [rig.stream(), rig.stream()];
    rig.send(one, 65_535);
    rig.send(two, 100);
    two.sendWindow.grow(-MAX_WINDOW - 50);
    assert.deepEqual(rig.frames(), ['1: 16384', '1: 16384', '1: 16384', '1: 16383']);

    rig.sender.window.grow(100);
    rig.sender.pump();
    assert.deepEqual(rig.frames(), []);

    rig.grow(two, 50);
    assert.deepEqual(rig.frames(), []);
    rig.grow(two, 1);
    assert.deepEqual(rig.frames(), ['3: 1']);
    rig.grow(two, 1000);
    assert.deepEqual(rig.frames(), ['3: 99']);
  });

  it('stops while much waits in this process, and goes on when it has drained', () => {
    const rig = new Rig().open();
    const stream = rig.stream();
    rig.output.pendingBytes = MAX_OUTPUT_BYTES;

    assert.equal(rig.send(stream, 20_000), false);
    assert.deepEqual(rig.frames(), []);

    rig.output.pendingBytes = MAX_OUTPUT_BYTES - 1;
    rig.sender.pump();
    assert.deepEqual(rig.frames(), ['1: 16384', '1: 3616']);
  });

  it('queues behind what waits already, on the stream and on others', () => {
    const rig = new Rig();
    const [one, two] = [rig.stream(), rig.stream()];
    rig.send(one, 65_535 + 10);
    rig.send(two, 7);
    rig.send(one, 5);
    rig.frames();

    rig.sender.window.grow(1000);
    rig.sender.pump();

    assert.deepEqual(rig.frames(), ['1: 10', '3: 7', '1: 5']);
  });

  it('says whether another read of the source may come', () => {
    const rig = new Rig().open();
    assert.equal(rig.send(rig.stream(READ_BYTES + 10), 10), true);
    assert.equal(rig.send(rig.stream(READ_BYTES + 9), 10), false);
    rig.output.pendingBytes = MAX_OUTPUT_BYTES;
    assert.equal(rig.send(rig.stream(), 10), false);
  });
});

describe('the end of what is sent', () => {
  it('is put into the last frame while that can be changed', () => {
    const rig = new Rig().open();
    const stream = rig.stream();
    rig.send(stream, 10);
    rig.sender.sendEnd(stream, []);
    assert.deepEqual(rig.frames(), ['1: 10*']);
    assert.deepEqual(rig.ended, [1]);
  });

  it('is a frame of its own when the last one was flushed, or has left the piece of memory', () => {
    const rig = new Rig().open();
    const [one, two] = [rig.stream(), rig.stream()];
    rig.send(one, 10);
    assert.deepEqual(rig.frames(), ['1: 10']);
    rig.sender.sendEnd(one, []);
    assert.deepEqual(rig.frames(), ['1: 0*']);

    rig.send(two, 10);
    rig.send(rig.stream(), 40_000);
    rig.sender.sendEnd(two, []);
    assert.deepEqual(rig.frames(), ['3: 10', '5: 16384', '5: 16384', '5: 7232', '3: 0*']);
  });

  it('is put into a head in one frame, and not into one in several', () => {
    const rig = new Rig();
    const [one, two] = [rig.stream(), rig.stream()];
    rig.sender.sendHeaders(one, Buffer.from('head'), 4, false);
    rig.sender.sendEnd(one, []);
    rig.sender.sendHeaders(two, Buffer.alloc(16_386), 16_385, false);
    rig.sender.sendEnd(two, []);
    assert.deepEqual(
      rig.frames().map((text) => text.slice(0, 50)),
      [
        'HEADERS stream=1 END_STREAM END_HEADERS "head"',
        printFrame({ type: 1, flags: 0, streamId: 3, payload: Buffer.alloc(16_384) }).slice(0, 50),
        'CONTINUATION stream=3 END_HEADERS "\\x00"',
        '3: 0*',
      ],
    );
  });

  it('waits behind what waits, and needs no window', () => {
    const rig = new Rig().open();
    const [one, two] = [rig.stream(10), rig.stream(0)];
    rig.send(one, 20);
    rig.sender.sendEnd(one, []);
    rig.sender.sendEnd(two, []);
    assert.deepEqual(rig.frames(), ['1: 10', '3: 0*']);
    assert.deepEqual(rig.ended, [3]);

    rig.grow(one, 10);
    assert.deepEqual(rig.frames(), ['1: 10*']);
    assert.deepEqual(rig.ended, [3, 1]);
  });

  it('is the trailers where there are any, behind what waits', () => {
    const rig = new Rig().open();
    const stream = rig.stream(10);
    rig.send(stream, 11);
    rig.sender.sendEnd(stream, ['grpc-status', '0']);
    assert.deepEqual(rig.frames(), ['1: 10']);
    rig.grow(stream, 1);
    assert.deepEqual(rig.frames(), ['1: 1', 'HEADERS stream=1 END_STREAM END_HEADERS "grpc-status,0"']);
  });
});

describe('bytes that wait', () => {
  it('are kept by their owner until the last of them was sent, or the stream is forgotten', () => {
    const rig = new Rig().open();
    const [one, two] = [rig.stream(100), rig.stream(0)];
    const [first, second, third] = [new CountedOwner(), new CountedOwner(), new CountedOwner()];
    rig.send(one, 100, first);
    rig.send(one, 50, second);
    rig.send(two, 50, third);
    assert.deepEqual([first.users, second.users, third.users], [0, 1, 1]);

    rig.grow(one, 49);
    assert.equal(second.users, 1);
    rig.grow(one, 1);
    assert.equal(second.users, 0);

    rig.sender.forget(two);
    rig.sender.forget(two);
    assert.equal(third.users, 0);
    assert.equal(rig.sender.queuedBytes, 0);
    rig.grow(two, 1000);
    assert.deepEqual(
      rig.frames().filter((text) => text.startsWith('3')),
      [],
    );
  });
});

describe('the order of what waits', () => {
  it('is a frame each in turn among equals, and the most urgent first', () => {
    const rig = new Rig();
    rig.send(rig.stream(), 65_535);
    const [one, two, three] = [rig.stream(), rig.stream(), rig.stream()];
    for (const stream of [one, two, three]) rig.send(stream, 20_000);
    rig.sender.prioritize(three, { urgency: 0, incremental: false });
    rig.frames();

    rig.sender.window.grow(1_000_000);
    rig.sender.pump();

    assert.deepEqual(rig.frames(), ['7: 16384', '7: 3616', '3: 16384', '5: 16384', '3: 3616', '5: 3616']);
  });

  it('passes over streams whose own window is used up', () => {
    const rig = new Rig();
    const [one, two] = [rig.stream(65_535 + 100), rig.stream()];
    rig.send(one, 70_000);
    rig.send(two, 10);
    rig.sender.window.grow(1000);
    rig.sender.pump();
    assert.deepEqual(rig.frames().slice(4), ['1: 100', '3: 10']);
    assert.equal(one.isScheduled, false);
  });
});

describe('sources that wait', () => {
  it('are told to go on when nothing of theirs waits, once', () => {
    const rig = new Rig().open();
    let told = 0;
    const stream = rig.stream(10, () => {
      told += 1;
    });
    rig.send(stream, 11);
    rig.sender.grant();
    assert.equal(told, 0);

    rig.grow(stream, 1);
    rig.sender.grant();
    rig.sender.grant();
    assert.equal(told, 1);
  });

  it('are not told while much waits in this process, nor when they have ended or are forgotten', () => {
    const rig = new Rig().open();
    const told: number[] = [];
    const streams = [1, 3, 5].map((id) => rig.stream(10, () => told.push(id)));
    for (const stream of streams) rig.send(stream, 10);
    rig.output.pendingBytes = MAX_OUTPUT_BYTES;
    rig.sender.grant();
    assert.deepEqual(told, []);

    rig.output.pendingBytes = 0;
    rig.sender.sendEnd(streams[0]!, []);
    rig.sender.forget(streams[1]!);
    rig.sender.grant();
    assert.deepEqual(told, [5]);
  });

  it('may send, end, and close other streams while they are told', () => {
    const rig = new Rig().open();
    const told: number[] = [];
    const streams: Http2Stream[] = [];
    for (let i = 0; i < 6; i++) {
      const id = 2 * i + 1;
      streams.push(
        rig.stream(1000, () => {
          told.push(id);
          if (i === 0) rig.sender.forget(streams[1]!);
          if (i === 2) rig.send(streams[2]!, 10);
          if (i === 3) rig.sender.grant();
          if (i === 4) rig.sender.sendEnd(streams[4]!, []);
        }),
      );
    }
    for (const stream of streams) rig.send(stream, 10);

    rig.sender.grant();

    assert.deepEqual(told.slice(0, 5), [1, 5, 7, 9, 11]);
    assert.deepEqual(new Set(told.slice(5)), new Set([5]), 'who brought something waits anew');
  });

  it('lose no turn when one of them has the sender grant again', () => {
    const rig = new Rig().open();
    const told: number[] = [];
    const first = rig.stream(1000, () => {
      told.push(1);
      rig.sender.grant();
    });
    // It keeps its place: it has something waiting.
    const stuck = rig.stream(1, () => told.push(3));
    rig.send(first, 10);
    rig.send(stuck, 10);
    rig.sender.grant();
    assert.deepEqual(told, [1]);

    rig.grow(stuck, 9);
    rig.sender.grant();
    assert.deepEqual(told, [1, 3]);
  });

  it('do not wait for sources that were told and have nothing to bring', () => {
    const rig = new Rig().open();
    const told: number[] = [];
    // As many event streams as there may be, each silent after its last event.
    for (let i = 0; i < 99; i++)
      rig.send(
        rig.stream(65_535, () => told.push(i)),
        100,
      );
    rig.sender.grant();
    const download = rig.stream(65_535, () => told.push(99));
    rig.send(download, 60_000);
    rig.sender.grant();

    assert.equal(told.length, 100);
    assert.equal(told.at(-1), 99);
  });

  it('go on beside streams of which the client takes nothing', () => {
    const rig = new Rig().open();
    for (let i = 0; i < 20; i++) rig.send(rig.stream(0), READ_BYTES);
    assert.ok(rig.sender.queuedBytes > MAX_QUEUED_BYTES);
    let told = 0;
    const stream = rig.stream(1000, () => {
      told += 1;
    });
    rig.send(stream, 999);
    rig.sender.grant();
    assert.equal(told, 1);
  });

  it('wait with no window of their own beyond the bound on what may wait in all', () => {
    const rig = new Rig().open();
    let brought = 0;
    const streams = Array.from({ length: 128 }, () => {
      const stream: Http2Stream = rig.stream(1, () => {
        brought += 1;
        rig.send(stream, READ_BYTES);
      });
      return stream;
    });
    for (const stream of streams) rig.send(stream, 1);

    for (let turn = 0; turn < 10; turn++) rig.sender.grant();

    assert.equal(brought, MAX_QUEUED_BYTES / READ_BYTES);
    assert.equal(rig.sender.queuedBytes, MAX_QUEUED_BYTES);
    for (const stream of streams) rig.sender.forget(stream);
    assert.equal(rig.sender.queuedBytes, 0);
  });

  it('are asked for small reads beyond that bound, and only with a window', () => {
    const rig = new Rig().open();
    const told: boolean[] = [];
    const streams = Array.from({ length: 20 }, () => rig.stream(1, (isAmple) => told.push(isAmple)));
    for (const stream of streams) rig.send(stream, 1);
    for (const stream of streams.slice(10)) rig.grow(stream, 1);

    rig.sender.grant();

    const promised = MAX_QUEUED_BYTES / READ_BYTES;
    assert.deepEqual(told, [...Array(promised).fill(true), ...Array(10).fill(false)]);
  });

  it('hold no more than that bound and a small read each, whatever windows a client opens', () => {
    const SMALL = 8192;
    const rig = new Rig().open();
    const streams = Array.from({ length: 128 }, () => {
      const stream: Http2Stream = rig.stream(1, (isAmple) => rig.send(stream, isAmple ? READ_BYTES : SMALL));
      return stream;
    });
    for (const stream of streams) rig.send(stream, 1);
    for (let turn = 0; turn < 20; turn++) {
      for (const stream of streams) rig.grow(stream, 1 + ((turn * 7919) % READ_BYTES));
      rig.sender.grant();
      rig.output.take();
      for (const stream of streams) assert.ok(stream.queuedBytes <= READ_BYTES);
      assert.ok(rig.sender.queuedBytes <= MAX_QUEUED_BYTES + streams.length * SMALL);
    }
  });
});
