import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, it } from 'node:test';
import type { UpstreamStream } from '../../../src/core/upstream.ts';
import { BodyCopy } from '../../../src/proxy/body-copy.ts';

/** What was sent, and whether more may follow. */
function recordingStream(mayGoOn = true): { readonly sent: string[]; readonly stream: UpstreamStream } {
  const sent: string[] = [];
  const stream: UpstreamStream = {
    sendData: (bytes, start, end) => {
      sent.push(bytes.toString('latin1', start, end));
      return mayGoOn;
    },
    sendEnd: (trailers) => void sent.push(`end ${trailers.join(' ')}`),
    flush() {},
    resume() {},
    abort() {},
  };
  return { sent, stream };
}

const octets = (text: string): [Buffer, number, number] => [Buffer.from(`(${text})`), 1, text.length + 1];

describe('a copy of a body', () => {
  it('sends what was kept, and may be sent again and again', () => {
    const copy = new BodyCopy();
    copy.keep(...octets('so'));
    copy.keep(...octets('me'));
    for (let i = 0; i < 2; i++) {
      const { sent, stream } = recordingStream();
      assert.equal(copy.sendTo(stream), true);
      assert.deepEqual(sent, ['so', 'me']);
    }
    copy.end(['x', 'y']);
    const { sent, stream } = recordingStream();
    assert.equal(copy.sendTo(stream), false, 'nothing follows the end');
    assert.deepEqual(sent, ['so', 'me', 'end x y']);
  });

  it('keeps its own octets', () => {
    const copy = new BodyCopy();
    const [bytes, start, end] = octets('mine');
    copy.keep(bytes, start, end);
    bytes.fill(0);
    const { sent, stream } = recordingStream();
    copy.sendTo(stream);
    assert.deepEqual(sent, ['mine']);
  });

  it('says when its stream is to be waited for', () => {
    const copy = new BodyCopy();
    copy.keep(...octets('some'));
    assert.equal(copy.sendTo(recordingStream(false).stream), false);
  });

  it('is whole up to 16 KiB, and keeps nothing beyond', () => {
    const copy = new BodyCopy();
    copy.keep(Buffer.alloc(16_384), 0, 16_384);
    assert.equal(copy.isWhole, true);
    copy.keep(Buffer.alloc(1), 0, 1);
    assert.equal(copy.isWhole, false);
    const { sent, stream } = recordingStream();
    copy.sendTo(stream);
    assert.deepEqual(sent, []);
  });

  it('holds a piece of any size between two attempts, and is sent once more with it', () => {
    const copy = new BodyCopy();
    copy.keep(...octets('some'));
    copy.hold(Buffer.alloc(100_000, 'x'), 0, 100_000);
    const { sent, stream } = recordingStream();
    copy.sendTo(stream);
    assert.deepEqual(
      sent.map((text) => text.length),
      [4, 100_000],
    );
    assert.equal(copy.isWhole, false);
  });
});
