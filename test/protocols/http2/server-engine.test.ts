import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openServerWire, requestFrame } from '../../support/http2-server-wire.ts';
import { data, rstStream, windowUpdate } from '../../support/http2-wire.ts';

const post = (streamId: number, fields: readonly (readonly [string, string])[] = []) =>
  requestFrame(streamId, { method: 'POST', fields }, { endStream: false });

describe('a request that is answered before it is complete', () => {
  it('is stopped at the end of the turn, behind the answer', () => {
    const wire = openServerWire();
    wire.receive(post(1));

    wire.request(1).read().respond().end();

    assert.deepEqual(wire.take(), [
      'HEADERS stream=1 END_STREAM END_HEADERS\n  :status: 200',
      'RST_STREAM stream=1 NO_ERROR',
    ]);
    assert.deepEqual(wire.closed, [1]);
    assert.deepEqual(wire.request(1).calls, []);
  });

  it('is not stopped when it completes in the same turn', () => {
    const wire = openServerWire();
    wire.receive(post(1));
    const request = wire.request(1).read();
    request.during = () => {
      if (!request.stream.localEnded) request.respond().end();
    };

    wire.receive(data(1, 'body', { endStream: true }));

    assert.deepEqual(wire.take(), ['HEADERS stream=1 END_STREAM END_HEADERS\n  :status: 200']);
    assert.deepEqual(request.calls, ['bodyData', 'bodyEnd']);
  });

  it('leaves the connection its window when the rest of the body came in the same turn and nobody read it', () => {
    for (const reads of [true, false]) {
      const wire = openServerWire();
      wire.receive(post(1));
      const request = wire.request(1);
      request.takes = false;
      if (reads) request.read();
      wire.read(data(1, 'x'.repeat(10_000)));
      request.respond().end();
      wire.read(data(1, 'x'.repeat(10_000), { endStream: true }));
      wire.turn();

      assert.deepEqual(wire.closed, [1]);
      assert.equal(wire.refilledWindow(3), 131_072);
    }
  });

  it('may send what crosses the reset', () => {
    const wire = openServerWire();
    wire.receive(post(1));
    wire.request(1).respond().end();
    wire.take();

    wire.receive(
      data(1, 'late'),
      windowUpdate(1, 5),
      rstStream(1, 'CANCEL'),
      data(1, '', { endStream: true }),
    );

    assert.deepEqual(wire.take(), []);
    assert.deepEqual(wire.faults, []);
  });
});
