import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, it } from 'node:test';
import { openServerWire, requestFrame, type ServerWire } from '../../support/http2-server-wire.ts';
import {
  continuation,
  data,
  frame,
  goaway,
  headers,
  ping,
  priority,
  priorityUpdate,
  rstStream,
  settings,
  windowUpdate,
} from '../../support/http2-wire.ts';

/** What ends a connection, and after how many rounds of it; undefined: nothing within `most`. */
function rounds(wire: ServerWire, round: (i: number) => Buffer, most = 2000): number | undefined {
  for (let i = 1; i <= most; i++) {
    wire.receive(round(i));
    if (wire.faults.length > 0) {
      assert.equal(wire.faults[0]!.rule, 'too-many-glitches');
      assert.match(wire.take().at(-1)!, /^GOAWAY last=\d+ ENHANCE_YOUR_CALM/);
      return i;
    }
    wire.take();
  }
  return undefined;
}

const post = (streamId: number) => requestFrame(streamId, { method: 'POST' }, { endStream: false });

describe('a flood, of which 1000 points are forgiven in ten seconds', () => {
  const floods: readonly (readonly [title: string, most: number, round: (i: number) => Buffer])[] = [
    ['rapid resets', 251, (i) => Buffer.concat([requestFrame(2 * i + 1), rstStream(2 * i + 1, 'CANCEL')])],
    [
      'rapid resets with some data in front of each',
      251,
      (i) =>
        Buffer.concat([
          post(2 * i + 1),
          data(2 * i + 1, 'a'),
          data(2 * i + 1, 'b'),
          rstStream(2 * i + 1, 'CANCEL'),
        ]),
    ],
    [
      'resets that we are made to send, with data behind each',
      251,
      (i) =>
        Buffer.concat([
          post(2 * i + 1),
          windowUpdate(2 * i + 1, 0),
          data(2 * i + 1, 'a'),
          data(2 * i + 1, 'b'),
        ]),
    ],
    ['requests that are malformed', 251, (i) => headers(2 * i + 1, Buffer.alloc(0), { endStream: true })],
    ['pings', 1001, () => ping('12345678')],
    ['settings', 501, () => settings([['INITIAL_WINDOW_SIZE', 10]])],
    ['priorities', 1001, () => priority(3, { dependency: 0 })],
    ['priority updates', 1001, () => priorityUpdate(3, 'u=1')],
    ['window updates', 1001, () => windowUpdate(0, 1)],
    ['empty data', 501, () => data(1, '', { pad: 200 })],
    ['frames of unknown types', 501, () => frame(0xfa, 0, 0)],
  ];
  for (const [title, most, round] of floods) {
    it(`of ${title} ends the connection`, () => {
      const wire = openServerWire();
      wire.receive(post(1));
      const taken = rounds(wire, round);
      assert.ok(taken !== undefined && taken <= most, `after ${taken}`);
    });
  }

  it('of rapid resets beside a large download ends the connection', () => {
    const wire = openServerWire({}, [['INITIAL_WINDOW_SIZE', 2_147_483_647]]);
    wire.receive(requestFrame(1));
    const download = wire.request(1).respond();
    const taken = rounds(wire, (i) => {
      download.send(Buffer.alloc(100));
      return Buffer.concat([requestFrame(2 * i + 1), rstStream(2 * i + 1, 'CANCEL')]);
    });
    assert.equal(taken, 251);
  });

  it('of streams above the limit ends the connection', () => {
    const wire = openServerWire({ maxStreams: 1 });
    wire.receive(post(1));
    assert.equal(
      rounds(wire, (i) => requestFrame(2 * i + 1)),
      251,
    );
  });

  it('of empty CONTINUATION frames ends the connection', () => {
    const wire = openServerWire({ glitches: 20 });
    wire.receive(headers(1, Buffer.alloc(0), { endHeaders: false }));
    assert.equal(
      rounds(wire, () => continuation(1, Buffer.alloc(0), { endHeaders: false })),
      10,
    );
  });

  it('of window updates that let a single octet of a response out each ends the connection', () => {
    const wire = openServerWire({}, [['INITIAL_WINDOW_SIZE', 0]]);
    wire.receive(requestFrame(1));
    wire.request(1).respond();
    wire.request(1).send(Buffer.alloc(100_000));
    const taken = rounds(wire, () => windowUpdate(1, 1));
    assert.equal(taken, 1001);
  });

  it('spread over time is none', () => {
    const wire = openServerWire();
    const taken = rounds(wire, () => {
      wire.now += 50;
      return ping('12345678');
    });
    assert.equal(taken, undefined);
    assert.ok(wire.engine.glitchPoints < 10);
  });

  it('is none where each piece of overhead answers a frame of data', () => {
    const wire = openServerWire();
    wire.receive(requestFrame(1));
    const request = wire.request(1).respond();
    const taken = rounds(wire, () => {
      request.send(Buffer.alloc(100));
      return Buffer.concat([windowUpdate(0, 100), windowUpdate(1, 100)]);
    });
    assert.equal(taken, undefined);
  });

  it('is not what a client does that cancels a page of requests', () => {
    const wire = openServerWire();
    for (let i = 0; i < 100; i++) wire.receive(requestFrame(2 * i + 1));
    for (let i = 0; i < 100; i++) wire.receive(rstStream(2 * i + 1, 'CANCEL'));
    assert.deepEqual(wire.faults, []);
    wire.receive(goaway(0, 'NO_ERROR'));
  });
});
