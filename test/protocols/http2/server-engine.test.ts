import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, it } from 'node:test';
import { ERROR_CODE } from '../../../protocols/http2/errors.ts';
import { allCuts } from '../../support/cuts.ts';
import { plainBlock } from '../../support/http2-hpack.ts';
import { openServerWire, requestFrame } from '../../support/http2-server-wire.ts';
import { data, headers, rstStream, windowUpdate } from '../../support/http2-wire.ts';

const post = (streamId: number, fields: readonly (readonly [string, string])[] = []) =>
  requestFrame(streamId, { method: 'POST', fields }, { endStream: false });

describe('a request that is answered before it is complete', () => {
  it('is stopped some time behind the answer', () => {
    const wire = openServerWire();
    wire.receive(post(1));

    wire.request(1).read().respond().end();
    assert.deepEqual(wire.take(), ['HEADERS stream=1 END_STREAM END_HEADERS\n  :status: 200']);
    wire.stopRequests();

    assert.deepEqual(wire.take(), ['RST_STREAM stream=1 NO_ERROR']);
    assert.deepEqual(wire.closed, [1]);
    assert.deepEqual(wire.request(1).calls, []);
  });

  it('has at least half its time, however many were answered before it', () => {
    const wire = openServerWire();
    wire.receive(post(1), post(3), post(5));
    wire.request(1).respond().end();
    wire.turn().engine.stopRequests();
    wire.request(3).respond().end();
    wire.take();
    assert.equal(wire.restsAwaited, 3);

    wire.engine.stopRequests();
    assert.deepEqual(wire.take(), ['RST_STREAM stream=1 NO_ERROR']);
    wire.engine.stopRequests();
    assert.deepEqual(wire.take(), ['RST_STREAM stream=3 NO_ERROR']);
    assert.equal(wire.restsAwaited, 4);
    wire.engine.stopRequests();
    assert.deepEqual(wire.take(), []);
    assert.equal(wire.restsAwaited, 4);
    assert.deepEqual(wire.closed, [1, 3]);
  });

  it('is read to its end when that comes first, whether it was paused or not', () => {
    for (const takes of [true, false]) {
      const wire = openServerWire();
      wire.receive(post(1, [['content-length', '10']]));
      const request = wire.request(1).read();
      request.takes = takes;
      wire.receive(data(1, 'abc'));
      wire.take();

      request.respond(413).end();
      wire.take();
      assert.deepEqual(wire.closed, []);
      wire.receive(data(1, 'defghij', { endStream: true }));

      assert.deepEqual(wire.closed, [1]);
      assert.deepEqual(wire.take(), []);
      assert.equal(request.body, 'abc');
      assert.equal(wire.refilledWindow(3), 131_072);
    }
  });

  it('is stopped at once when it waits for 100 (Continue)', () => {
    const wire = openServerWire();
    wire.receive(
      post(1, [
        ['content-length', '10'],
        ['expect', '100-continue'],
      ]),
    );
    wire.request(1).respond(413).end();
    assert.deepEqual(wire.take().slice(1), ['RST_STREAM stream=1 NO_ERROR']);
  });

  it('is granted no more than 256 KiB for what nobody wants', () => {
    const wire = openServerWire();
    wire.receive(post(1, [['content-length', '1000000']]));
    const { stream } = wire.request(1).respond(413).end();
    wire.take();

    let sent = 0;
    const piece = 'x'.repeat(16_384);
    for (
      ;
      stream.receiveWindow === undefined || stream.receiveWindow.available >= piece.length;
      sent += piece.length
    )
      wire.receive(data(1, piece));
    assert.equal(stream.isClosed, false);
    assert.ok(sent >= 262_144 && sent <= 262_144 + 65_536 + 16_384, `${sent} bytes`);

    wire.stopRequests();
    assert.equal(wire.refilledWindow(3), 131_072);
  });

  it('is a fault still when it is longer or shorter than declared', () => {
    for (const body of ['defghijk', 'd']) {
      const wire = openServerWire();
      wire.receive(post(1, [['content-length', '10']]));
      wire.request(1).respond(413).end();
      wire.take();
      wire.receive(data(1, `abc${body}`, { endStream: true }));
      assert.deepEqual(wire.take(), ['RST_STREAM stream=1 PROTOCOL_ERROR']);
    }
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
    wire.stopRequests();
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

describe('100 (Continue)', () => {
  const expecting = post(1, [['expect', '100-continue']]);
  const interim = 'HEADERS stream=1 END_HEADERS\n  :status: 100';

  it('is sent when the body is wanted, once', () => {
    const wire = openServerWire();
    wire.receive(expecting);
    assert.deepEqual(wire.take(), []);

    wire.request(1).read().read();

    assert.deepEqual(wire.take(), [interim]);
  });

  it('is not sent when the body has begun, has ended, or will not be read', () => {
    for (const frame of [data(1, 'x'), data(1, '', { endStream: true })]) {
      const wire = openServerWire();
      wire.receive(expecting, frame);
      wire.request(1).read();
      assert.deepEqual(wire.take(), []);
    }
    const wire = openServerWire();
    wire.receive(expecting);
    wire.request(1).respond().read();
    assert.deepEqual(wire.take(), ['HEADERS stream=1 END_HEADERS\n  :status: 200']);
  });

  it('is not sent on a stream that is over', () => {
    const wire = openServerWire();
    wire.receive(expecting);
    wire.receive(rstStream(1, 'CANCEL'));
    wire.engine.readBody(wire.request(1).stream);
    assert.deepEqual(wire.take(), []);

    wire.receive(
      requestFrame(3, { method: 'POST', fields: [['expect', '100-continue']] }, { endStream: false }),
    );
    wire.request(3).giveUp(ERROR_CODE.CANCEL).read();
    assert.deepEqual(wire.take(), ['RST_STREAM stream=3 CANCEL']);
  });
});

describe('the end of a server connection', () => {
  it('is announced with the highest number there is, then told with the last stream that was taken', () => {
    const wire = openServerWire();
    wire.receive(requestFrame(5));
    wire.engine.announceEnd();
    wire.receive(requestFrame(7));
    wire.engine.refuseStreams();
    wire.engine.refuseStreams();

    assert.deepEqual(wire.take(), ['GOAWAY last=2147483647 NO_ERROR', 'GOAWAY last=7 NO_ERROR']);
    assert.deepEqual([...wire.requests.keys()], [5, 7]);
  });

  it('ignores all frames of streams that came too late, and goes on with the others', () => {
    const wire = openServerWire();
    wire.receive(post(1));
    wire.request(1).read();
    wire.engine.refuseStreams();

    wire.receive(
      post(3, [['content-length', '4']]),
      data(3, 'late'),
      windowUpdate(3, 10),
      requestFrame(3, {}, { endStream: true }),
      rstStream(3, 'CANCEL'),
      data(1, 'body', { endStream: true }),
    );

    assert.deepEqual([...wire.requests.keys()], [1]);
    assert.deepEqual(wire.faults, []);
    assert.equal(wire.request(1).body, 'body');
    assert.deepEqual(wire.take(), ['GOAWAY last=1 NO_ERROR']);
  });

  it('charges streams that come too late: a flood of them ends it', () => {
    const wire = openServerWire({ glitches: 40 });
    wire.receive(requestFrame(1));
    wire.engine.refuseStreams();

    for (let id = 3; id < 25; id += 2) wire.receive(requestFrame(id));

    assert.deepEqual(
      wire.faults.map(({ rule }) => rule),
      ['too-many-glitches'],
    );
  });
});

describe('a tunnel of extended CONNECT', () => {
  const connect = headers(
    1,
    plainBlock([
      [':method', 'CONNECT'],
      [':protocol', 'websocket'],
      [':scheme', 'https'],
      [':authority', 'a.example'],
      [':path', '/chat'],
      ['content-length', '3'],
    ]),
  );

  it('goes on in one direction when the other has ended', () => {
    const wire = openServerWire();
    wire.receive(connect);
    const request = wire.request(1).respond().read();
    assert.equal(request.requestHead.upgrade, 'websocket');
    request.end();
    assert.deepEqual(wire.take(), ['HEADERS stream=1 END_STREAM END_HEADERS\n  :status: 200']);

    wire.receive(data(1, 'more than three'), data(1, '', { endStream: true }));

    assert.equal(request.body, 'more than three');
    assert.ok(request.isEnded);
    assert.deepEqual(wire.closed, [1]);
  });

  it('has no header block behind the one that asks for it', () => {
    const wire = openServerWire();
    wire.receive(connect);
    const request = wire.request(1).respond().read();
    wire.take();
    wire.receive(headers(1, plainBlock([['x-a', 'b']]), { endStream: true }));
    assert.equal(request.fault?.rule, 'headers-in-tunnel');
    assert.equal(request.isEnded, false);
    assert.deepEqual(wire.take(), ['RST_STREAM stream=1 PROTOCOL_ERROR']);
  });

  it('that was refused is a request like others', () => {
    const wire = openServerWire();
    wire.receive(connect);
    wire.request(1).respond(403).end();
    wire.engine.settle();
    wire.stopRequests();
    assert.deepEqual(wire.take().slice(1), ['RST_STREAM stream=1 NO_ERROR']);
  });
});

describe('a body that begins before anybody wants it', () => {
  it('is shown as it comes to who wants it then', () => {
    for (const pieces of allCuts(Buffer.concat([data(1, 'abc'), data(1, 'def', { endStream: true })]))) {
      const wire = openServerWire();
      wire.receive(post(1));
      const request = wire.request(1);
      let begins = 0;
      request.onBodyBegins = () => {
        begins += 1;
        request.read();
      };
      request.during = () => assert.equal(request.stream.held, undefined);

      for (const piece of pieces) wire.receive(piece);

      assert.equal(request.body, 'abcdef');
      assert.equal(request.isEnded, true);
      assert.equal(begins, 1);
    }
  });

  it('is told of once, and held', () => {
    const wire = openServerWire();
    wire.receive(post(1));
    let begins = 0;
    wire.request(1).onBodyBegins = () => void begins++;

    wire.receive(data(1, ''), data(1, 'abc'), data(1, 'def', { endStream: true }));

    assert.equal(begins, 1);
    assert.deepEqual(wire.request(1).calls, []);
    assert.equal(wire.request(1).read().body, 'abcdef');
  });

  it('leaves the connection its window when the stream is given up then', () => {
    const wire = openServerWire();
    wire.receive(post(1));
    const request = wire.request(1);
    request.onBodyBegins = () => wire.engine.reset(request.stream, ERROR_CODE.CANCEL);

    wire.receive(data(1, 'x'.repeat(10_000)), data(1, 'x'.repeat(10_000), { endStream: true }));

    assert.deepEqual(wire.take(), ['RST_STREAM stream=1 CANCEL']);
    assert.equal(wire.refilledWindow(3), 131_072);
  });
});

describe('a body that is longer than it was said to be', () => {
  it('is not shown from the frame on that makes it so, wherever that is cut', () => {
    for (const pad of [{}, { pad: 0 }, { pad: 20 }]) {
      const bytes = Buffer.concat([
        post(1, [['content-length', '5']]),
        data(1, 'ab', pad),
        data(1, 'cdef', pad),
      ]);
      for (const pieces of allCuts(bytes)) {
        const wire = openServerWire();
        wire.onRequest = (request) => request.read();
        for (const piece of pieces) wire.receive(piece);
        assert.equal(wire.request(1).body, 'ab');
        assert.equal(wire.request(1).fault?.rule, 'body-length-mismatch');
        assert.deepEqual(wire.take(), ['RST_STREAM stream=1 PROTOCOL_ERROR']);
      }
    }
  });
});
