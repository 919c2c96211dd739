import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, it } from 'node:test';
import { ERROR_CODE, http2Fault } from '../../../protocols/http2/errors.ts';
import { TEST_LIMITS } from '../../support/http2-engine-wire.ts';
import { indexed, literal, plainBlock } from '../../support/http2-hpack.ts';
import { requestBlock } from '../../support/http2-request-block.ts';
import { openServerWire, requestFrame, type ServerWire } from '../../support/http2-server-wire.ts';
import {
  continuation,
  data,
  headers,
  ping,
  priorityUpdate,
  rstStream,
  settings,
  windowUpdate,
} from '../../support/http2-wire.ts';

const post = (streamId: number, fields: readonly (readonly [string, string])[] = []) =>
  requestFrame(streamId, { method: 'POST', fields }, { endStream: false });

describe('the body of a stream that was given up', () => {
  const cut = data(1, 'x'.repeat(1000), { pad: 9 });

  it('is shown to nobody, also when its frame began before', () => {
    const wire = openServerWire();
    wire.receive(post(1));
    wire.request(1).read();
    wire.read(cut.subarray(0, 500));
    wire.request(1).giveUp(ERROR_CODE.CANCEL);

    wire.read(cut.subarray(500));

    assert.ok(wire.request(1).body.length < 500);
    assert.deepEqual(wire.take(), ['RST_STREAM stream=1 CANCEL']);
  });

  for (const [title, isRead] of [
    ['read', true],
    ['held', false],
  ] as const) {
    it(`costs the connection none of its window (${title})`, () => {
      const wire = openServerWire();
      wire.receive(post(1));
      if (isRead) wire.request(1).read();
      for (let i = 0; i < 3; i++) wire.receive(data(1, 'x'.repeat(16_000), { pad: 200 }));
      wire.read(cut.subarray(0, 500));
      wire.request(1).giveUp(ERROR_CODE.CANCEL);
      wire.read(cut.subarray(500));

      assert.equal(wire.refilledWindow(3), 131_072);
    });
  }

  it('may be given up by the sink that is shown it', () => {
    const wire = openServerWire();
    wire.receive(post(1));
    const request = wire.request(1).read();
    request.during = () => request.giveUp(ERROR_CODE.CANCEL);

    wire.receive(data(1, 'x'.repeat(16_000), { pad: 0, endStream: true }), data(1, 'late'));

    assert.deepEqual(request.calls, ['bodyData']);
    assert.equal(wire.refilledWindow(3), 131_072);
  });
});

describe('SETTINGS_HEADER_TABLE_SIZE', () => {
  it('that falls and rises within one frame is announced with its lowest value', () => {
    const wire = openServerWire();
    wire.receive(requestFrame(1), requestFrame(3));
    wire.request(1).respond().end();
    wire.take();
    wire.receive(
      settings([
        ['HEADER_TABLE_SIZE', 0],
        ['HEADER_TABLE_SIZE', 4096],
      ]),
    );
    wire.request(3).respond().end();

    const [, head] = wire.takeFrames();

    // 0, then 4096 (RFC 7541, section 4.2).
    assert.deepEqual([...head!.payload.subarray(0, 4)], [0x20, 0x3f, 0xe1, 0x1f]);
  });
});

describe('the window of the connection', () => {
  const body = (streamId: number, endStream = false) =>
    Buffer.concat([
      data(streamId, 'x'.repeat(10_000), { pad: 100 }),
      data(streamId, 'y'.repeat(10_000), { pad: 0, endStream }),
    ]);
  const endings: readonly (readonly [title: string, end: (wire: ServerWire) => void])[] = [
    ['was reset by the client', (wire) => wire.receive(body(1), rstStream(1, 'CANCEL'))],
    ['was reset by us', (wire) => wire.receive(body(1)).request(1).giveUp(ERROR_CODE.CANCEL)],
    ['has broken a rule', (wire) => wire.receive(body(1), windowUpdate(1, 0))],
    ['has more data than it said', (wire) => wire.receive(body(1), data(1, 'z'.repeat(10_001)))],
    ['has less data than it said', (wire) => wire.receive(body(1), data(1, '', { endStream: true }))],
    ['has more data than its window', (wire) => wire.receive(body(1), ...overrun(1), rstStream(1, 'CANCEL'))],
    ['sends behind its end', (wire) => wire.receive(requestFrame(3), body(3), rstStream(1, 'CANCEL'))],
    ['was answered early, and stopped', (wire) => answeredEarly(wire).stopRequests()],
    [
      'was answered early, and ended',
      (wire) => answeredEarly(wire).receive(data(1, '', { endStream: true })),
    ],
    ['was answered when it had ended', (wire) => endedUnread(wire).respond().end()],
    ['is sent to after it was reset', (wire) => wire.receive(rstStream(1, 'CANCEL'), body(1), body(1))],
    ['is sent to after we have reset it', (wire) => sentLate(wire)],
    [
      'has bad trailers',
      (wire) => wire.receive(body(1), headers(1, plainBlock([['A', 'b']]), { endStream: true })),
    ],
  ];
  const overrun = (streamId: number) => [1, 2, 3].map(() => data(streamId, 'z'.repeat(16_000)));
  function endedUnread(wire: ServerWire) {
    wire.receive(post(5, []), body(5, true));
    wire.receive(rstStream(1, 'CANCEL'));
    return wire.request(5);
  }
  function answeredEarly(wire: ServerWire) {
    wire.receive(body(1)).request(1).respond().end();
    wire.take();
    return wire;
  }
  function sentLate(wire: ServerWire) {
    wire.request(1).giveUp(ERROR_CODE.CANCEL);
    wire.receive(body(1), body(1));
  }

  for (const [title, end] of endings)
    for (const manner of ['read', 'paused', 'held'] as const)
      it(`is whole when a stream ${title} (${manner})`, () => {
        const wire = openServerWire();
        const declared = title.includes('it said') ? [['content-length', '30000'] as const] : [];
        wire.receive(post(1, declared));
        wire.request(1).takes = manner !== 'paused';
        if (manner !== 'held') wire.request(1).read();

        end(wire);
        wire.turn();

        assert.deepEqual(wire.faults, []);
        assert.ok(wire.closed.includes(1));
        assert.equal(wire.refilledWindow(7), 131_072);
        if (manner !== 'read') assert.ok(wire.request(1).body.length <= 65_536);
      });

  it('bounds what all streams together may have held', () => {
    const wire = openServerWire();
    for (let id = 1; id < 2 * 3; id += 2) wire.receive(post(id));
    const chunk = 'x'.repeat(16_384);
    for (let i = 0; i < 8; i++) wire.receive(data(i < 4 ? 1 : 3, chunk));
    assert.deepEqual(wire.faults, []);
    assert.equal(wire.connectionWindow, 0);
    wire.receive(data(5, 'x'));
    assert.deepEqual(
      wire.faults.map(({ rule }) => rule),
      ['connection-window-exceeded'],
    );
  });
});

describe('a window of what we send', () => {
  it('may be lowered below what waits, and nothing is sent until it is open again', () => {
    const wire = openServerWire({}, [['INITIAL_WINDOW_SIZE', 100]]);
    wire.receive(requestFrame(1), requestFrame(3));
    for (const id of [1, 3]) {
      wire.request(id).respond();
      wire.request(id).send(Buffer.alloc(500));
    }
    wire.take();

    wire.receive(settings([['INITIAL_WINDOW_SIZE', 50]]), windowUpdate(1, 50), windowUpdate(0, 10));
    assert.deepEqual(wire.take(), ['SETTINGS ACK']);
    wire.receive(windowUpdate(1, 1));
    assert.deepEqual(wire.take(), ['DATA stream=1 "\\x00"']);
    wire.receive(settings([['INITIAL_WINDOW_SIZE', 1000]]));
    assert.deepEqual(
      wire
        .takeFrames()
        .slice(1)
        .map(({ streamId, payload }) => [streamId, payload.length]),
      [
        [1, 499 - 100],
        [3, 400],
      ],
    );
  });

  it('that overflows costs its stream by WINDOW_UPDATE, and the connection by SETTINGS or on stream 0', () => {
    const wire = openServerWire();
    wire.receive(requestFrame(1), windowUpdate(1, 0x7fffffff));
    assert.deepEqual(wire.take(), ['RST_STREAM stream=1 FLOW_CONTROL_ERROR']);
    for (const frames of [
      [requestFrame(3), windowUpdate(3, 0x7fffffff - 65_535), settings([['INITIAL_WINDOW_SIZE', 65_536]])],
      [windowUpdate(0, 0x7fffffff)],
    ]) {
      const other = openServerWire();
      other.receive(...frames);
      assert.match(other.take().at(-1)!, /^GOAWAY last=\d FLOW_CONTROL_ERROR/);
    }
  });

  it('is updated without harm on a stream that is half-closed or was closed just now', () => {
    const wire = openServerWire({}, [['INITIAL_WINDOW_SIZE', 1]]);
    wire.receive(requestFrame(1), requestFrame(3));
    wire.request(1).respond();
    wire.request(1).send(Buffer.from('abc'));
    wire.request(1).end();
    wire.request(3).respond().end();
    wire.take();
    wire.receive(windowUpdate(1, 1), windowUpdate(3, 1), windowUpdate(1, 1), windowUpdate(1, 1));
    assert.deepEqual(wire.take(), ['DATA stream=1 END_STREAM "bc"']);
    assert.deepEqual(wire.faults, []);
  });
});

describe('a header block in several frames', () => {
  const block = requestBlock({ path: '/long' });
  const begun = (streamId: number) =>
    headers(streamId, block.subarray(0, 10), { endHeaders: false, endStream: true });
  const rest = (streamId: number) => continuation(streamId, block.subarray(10));

  it('of a stream that is refused is read to its end, and the table stays in step', () => {
    const wire = openServerWire({ maxStreams: 1 });
    wire.receive(post(1));
    const indexing = Buffer.concat([block, literal('x-a', 'b', { kind: 'incremental' })]);
    wire.receive(headers(3, indexing.subarray(0, 10), { endHeaders: false, endStream: true }));
    assert.equal(wire.engine.inHead, true);
    wire.receive(continuation(3, indexing.subarray(10)));
    assert.equal(wire.engine.inHead, false);
    assert.deepEqual(wire.take(), ['RST_STREAM stream=3 REFUSED_STREAM']);

    wire.receive(
      rstStream(1, 'CANCEL'),
      headers(5, Buffer.concat([block, indexed(62)]), { endStream: true }),
    );
    assert.deepEqual(wire.request(5).requestHead.headers, ['x-a', 'b']);
  });

  it('may belong to a stream that was given up meanwhile', () => {
    const wire = openServerWire();
    wire.receive(post(1));
    wire.receive(headers(1, plainBlock([['x-a', 'b']]), { endHeaders: false, endStream: true }));
    wire.request(1).giveUp(ERROR_CODE.CANCEL);
    wire.receive(continuation(1, plainBlock([['x-c', 'd']])), begun(3), rest(3));
    assert.deepEqual(wire.faults, []);
    assert.equal(wire.request(3).requestHead.path, '/long');
  });

  it('is interrupted by nothing', () => {
    for (const frame of [
      data(1, 'x'),
      settings(),
      ping('12345678'),
      begun(5),
      rest(1),
      rstStream(3, 'CANCEL'),
      windowUpdate(0, 1),
    ]) {
      const wire = openServerWire();
      wire.receive(post(1), begun(3), frame);
      assert.deepEqual(
        wire.faults.map(({ rule }) => rule),
        ['interrupted-header-block'],
      );
    }
  });
});

describe('PRIORITY_UPDATE', () => {
  const order = (wire: ServerWire, ids: readonly number[]) => {
    for (const id of ids) {
      wire.request(id).respond();
      wire.request(id).send(Buffer.alloc(20_000));
      wire.request(id).end();
    }
    wire.take();
    wire.receive(windowUpdate(0, 1_000_000));
    return [...new Set(wire.takeFrames().map(({ streamId }) => streamId))];
  };
  /** The window of the connection is used up, so that everything else waits. */
  function full(before: readonly Buffer[] = []): ServerWire {
    const wire = openServerWire({}, [['INITIAL_WINDOW_SIZE', 1_000_000]]);
    wire.receive(requestFrame(1), ...before);
    wire.request(1).respond();
    wire.request(1).send(Buffer.alloc(65_535));
    return wire;
  }

  it('holds for a stream that is open, also when its data waits already', () => {
    const wire = full([requestFrame(3), requestFrame(5)]);
    wire.receive(priorityUpdate(5, 'u=0'));
    assert.deepEqual(order(wire, [3, 5]), [5, 3]);
    const other = full([requestFrame(3), requestFrame(5)]);
    for (const id of [3, 5]) {
      other.request(id).respond();
      other.request(id).send(Buffer.alloc(100));
    }
    other.take();
    other.receive(priorityUpdate(5, 'u=0'), windowUpdate(0, 1000));
    assert.deepEqual(
      other.takeFrames().map(({ streamId }) => streamId),
      [5, 3],
    );
  });

  it('holds for a stream that is opened later, and outweighs its field', () => {
    const wire = full([
      priorityUpdate(5, 'u=0'),
      requestFrame(3),
      requestFrame(5, { fields: [['priority', 'u=7']] }),
    ]);
    assert.deepEqual(order(wire, [3, 5]), [5, 3]);
  });

  const early = (count: number) =>
    Array.from({ length: count }, (_, i) => priorityUpdate(101 + 2 * i, 'u=0'));

  it('is remembered for as many streams as may be open, those that are open counted', () => {
    const wire = full([settings([], { flags: 1 }), ...early(TEST_LIMITS.maxStreams - 1)]);
    const last = 101 + 2 * (TEST_LIMITS.maxStreams - 2);
    wire.receive(priorityUpdate(last, 'u=0'), requestFrame(3), requestFrame(last));
    assert.deepEqual(order(wire, [3, last]), [last, 3]);
    assert.deepEqual(wire.faults, []);
  });

  it('for one more breaks a rule, but is ignored from who does not know how many may be open', () => {
    const frames = early(TEST_LIMITS.maxStreams + 1);
    const knowing = openServerWire();
    knowing.receive(settings([], { flags: 1 }), ...frames);
    assert.deepEqual(
      knowing.faults.map((fault) => fault.rule),
      ['too-many-priorities'],
    );
    const unknowing = openServerWire();
    unknowing.receive(...frames);
    assert.deepEqual(unknowing.faults, []);
  });

  it('is forgotten for streams that were skipped, when others need the room', () => {
    const wire = full([settings([], { flags: 1 }), ...early(TEST_LIMITS.maxStreams - 1)]);
    wire.receive(requestFrame(1001), requestFrame(1003), priorityUpdate(1005, 'u=0'), requestFrame(1005));
    assert.deepEqual(wire.faults, []);
    assert.deepEqual(order(wire, [1001, 1005]), [1005, 1001]);
  });

  it('breaks a rule on a stream, for a stream that cannot be, and when it is short', () => {
    for (const [rule, frame] of [
      ['not-stream-zero', Buffer.from([0, 0, 4, 0x10, 0, 0, 0, 0, 1, 0, 0, 0, 1])],
      ['bad-priority-update', priorityUpdate(0, '')],
      ['bad-priority-update', priorityUpdate(2, '')],
      ['bad-frame-size', Buffer.from([0, 0, 3, 0x10, 0, 0, 0, 0, 0, 0, 0, 0])],
    ] as const) {
      const wire = openServerWire();
      wire.receive(frame);
      assert.deepEqual(
        wire.faults.map((fault) => fault.rule),
        [rule],
      );
    }
  });
});

describe('what is called from within a call', () => {
  const acts: Readonly<Record<string, (wire: ServerWire, id: number) => void>> = {
    reset: (wire, id) => wire.request(id).giveUp(ERROR_CODE.CANCEL),
    answer: (wire, id) => wire.request(id).respond().end(),
    'half an answer': (wire, id) => wire.request(id).respond().send(Buffer.alloc(70_000)),
    pause: (wire, id) => {
      wire.request(id).takes = false;
    },
    ping: (wire) => wire.engine.sendPing(1),
    'the end': (wire) => wire.engine.refuseStreams(),
    'both ends': (wire) => {
      wire.engine.announceEnd();
      wire.engine.refuseStreams();
    },
    stop: (wire) => wire.engine.stop(http2Fault('reset-by-peer')),
    settle: (wire) => wire.engine.settle(),
    drained: (wire) => wire.engine.drained(),
  };
  for (const [title, act] of Object.entries(acts))
    for (const at of ['requestHead', 'bodyData', 'bodyEnd', 'writable', 'reset'] as const)
      it(`may be ${title} (${at})`, () => {
        for (const target of [1, 3]) {
          const wire = openServerWire({ glitches: 100_000 }, [['INITIAL_WINDOW_SIZE', 300_000]]);
          let isDone = false;
          const once = () => {
            if (isDone) return;
            isDone = true;
            if (wire.requests.has(target)) act(wire, target);
          };
          wire.onRequest = (request) => {
            request.during = (call) => {
              if (call === at) once();
            };
            if (request.stream.id !== 5) request.read();
            if (at === 'requestHead' && request.stream.id === 3) once();
          };
          wire.receive(post(1), post(3), requestFrame(5), windowUpdate(0, 200_000));
          if (!wire.engine.isFaulty) {
            for (const id of [3, 5]) {
              if (!wire.requests.has(id) || wire.request(id).isGivenUp) continue;
              if (!wire.request(id).stream.localEnded) wire.request(id).respond().send(Buffer.alloc(30_000));
            }
          }
          wire.turn();
          wire.receive(
            data(1, 'x'.repeat(1000), { pad: 9 }),
            data(3, 'y'.repeat(1000)),
            headers(1, plainBlock([['x-a', 'b']]), { endStream: true }),
            data(3, 'y'.repeat(1000), { pad: 9, endStream: true }),
            rstStream(5, 'CANCEL'),
          );
          wire.turn();
          assert.deepEqual(wire.faults, []);
          wire.engine.stop(http2Fault('reset-by-peer'));
          assert.equal(wire.engine.streams.size, 0);
          assert.equal(wire.engine.queuedBytes, 0);
        }
      });
});

describe('WINDOW_UPDATE of ours', () => {
  it('is for the connection alone when the stream needs no more', () => {
    const wire = openServerWire({ connectionWindowBytes: 65_536 });
    wire.receive(post(1));
    for (let i = 0; i < 3; i++) wire.receive(data(1, 'x'.repeat(13_000), { endStream: i === 2 }));
    assert.deepEqual(wire.take(), []);
    wire.request(1).read();
    assert.deepEqual(wire.take(), ['WINDOW_UPDATE stream=0 increment=39000']);
  });

  it('counts padding and its length, at once', () => {
    const wire = openServerWire({ connectionWindowBytes: 65_536 });
    wire.receive(post(1));
    for (let i = 0; i < 129; i++) wire.receive(data(1, 'x', { pad: 255 }));
    assert.deepEqual(wire.take(), [
      'WINDOW_UPDATE stream=0 increment=32768',
      'WINDOW_UPDATE stream=1 increment=32768',
    ]);
  });
});
