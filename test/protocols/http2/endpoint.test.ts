import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ERROR_CODE } from '../../../protocols/http2/errors.ts';
import { openServerWire, requestFrame } from '../../support/http2-server-wire.ts';
import { data, settings } from '../../support/http2-wire.ts';

const upload = (streamId: number) => requestFrame(streamId, { method: 'POST' }, { endStream: false });

describe('the body of a stream that was given up', () => {
  const cut = data(1, 'x'.repeat(1000), { pad: 9 });

  it('is shown to nobody, also when its frame began before', () => {
    const wire = openServerWire();
    wire.receive(upload(1));
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
      wire.receive(upload(1));
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
    wire.receive(upload(1));
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
