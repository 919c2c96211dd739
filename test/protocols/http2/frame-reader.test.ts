import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, it } from 'node:test';
import type { BytesOwner } from '../../../protocols/http/output.ts';
import { UNSHARED } from '../../../protocols/http/output.ts';
import { FrameReader, type FrameSink } from '../../../protocols/http2/frame-reader.ts';
import { allCuts, eachOctet } from '../../support/cuts.ts';
import { data, frame, headers, ping } from '../../support/http2-wire.ts';

/** Frames as lines; data that comes in pieces is put together, for where it is cut means nothing. */
class Recorder implements FrameSink {
  readonly lines: string[] = [];
  readonly owners: (BytesOwner | undefined)[] = [];
  readonly reader: FrameReader = new FrameReader(this);
  stopsAt = '';
  #data = '';

  frame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    this.#add(`frame ${type} ${flags} ${streamId} ${bytes.toString('latin1', start, end)}`);
  }

  dataBegin(flags: number, streamId: number, length: number, dataLength: number): void {
    this.#add(`begin ${flags} ${streamId} ${length}${dataLength === length ? '' : ` (${dataLength})`}`);
  }

  dataBytes(bytes: Buffer, start: number, end: number, owner: BytesOwner | undefined): void {
    assert.ok(end > start);
    this.#data += bytes.toString('latin1', start, end);
    this.owners.push(owner);
    if (this.stopsAt === 'data') this.reader.stop();
  }

  dataEnd(flags: number, streamId: number): void {
    this.#add(`${this.#data} end ${flags} ${streamId}`);
    this.#data = '';
  }

  fault(rule: string): void {
    this.#add(`fault ${rule}`);
    this.reader.stop();
  }

  receive(pieces: readonly Buffer[], owner?: BytesOwner): this {
    for (const piece of pieces) {
      const read = Buffer.concat([Buffer.from('#'), piece, Buffer.from('#')]);
      this.reader.receive(read, 1, read.length - 1, owner);
      read.fill(0xdd);
    }
    return this;
  }

  #add(line: string): void {
    this.lines.push(line);
    if (this.stopsAt !== '' && line.startsWith(this.stopsAt)) this.reader.stop();
  }
}

const CASES: readonly (readonly [title: string, bytes: Buffer, lines: readonly string[]])[] = [
  [
    'frames one behind the other',
    Buffer.concat([
      ping('12345678'),
      headers(1, Buffer.from('block')),
      frame(0xff, 0xfe, 3),
      ping('87654321'),
    ]),
    ['frame 6 0 0 12345678', 'frame 1 4 1 block', 'frame 255 254 3 ', 'frame 6 0 0 87654321'],
  ],
  [
    'a reserved bit that is set',
    frame(0xaa, 1, 7, Buffer.from('x'), { reserved: true }),
    ['frame 170 1 7 x'],
  ],
  ['the highest stream', frame(0xaa, 1, 0x7fffffff), ['frame 170 1 2147483647 ']],
  [
    'data',
    Buffer.concat([data(1, 'hello'), data(1, '', { endStream: true })]),
    ['begin 0 1 5', 'hello end 0 1', 'begin 1 1 0', ' end 1 1'],
  ],
  ['data with padding', data(1, 'hello', { pad: 7 }), ['begin 8 1 13 (5)', 'hello end 8 1']],
  ['data with padding of none', data(1, 'hello', { pad: 0 }), ['begin 8 1 6 (5)', 'hello end 8 1']],
  ['padding alone', data(1, '', { pad: 255 }), ['begin 8 1 256 (0)', ' end 8 1']],
  ['the padding length alone', data(1, '', { pad: 0, endStream: true }), ['begin 9 1 1 (0)', ' end 9 1']],
  ['padding that fills the frame', frame(0, 8, 1, Buffer.from([3, 0, 0])), ['fault bad-padding']],
  ['padding longer than the frame', frame(0, 8, 1, Buffer.from([255, 0])), ['fault bad-padding']],
  ['no padding length', Buffer.concat([frame(0, 8, 1), ping('12345678')]), ['fault bad-frame-size']],
  [
    'a frame of the largest size',
    frame(9, 0, 1, Buffer.alloc(16_384, 'x')),
    [`frame 9 0 1 ${'x'.repeat(16_384)}`],
  ],
  [
    'data of the largest size',
    data(1, 'x'.repeat(16_384)),
    ['begin 0 1 16384', `${'x'.repeat(16_384)} end 0 1`],
  ],
  ['a larger frame', frame(9, 0, 1, Buffer.alloc(10), { length: 16_385 }), ['fault frame-too-large']],
  ['larger data', frame(0, 0, 1, Buffer.alloc(10), { length: 0xffffff }), ['fault frame-too-large']],
];

describe('a frame reader', () => {
  for (const [title, bytes, lines] of CASES)
    it(`reads ${title}, however it is cut`, () => {
      for (const pieces of allCuts(bytes)) assert.deepEqual(new Recorder().receive(pieces).lines, lines);
    });

  it('shows data as it comes, with its owner', () => {
    const recorder = new Recorder().receive([data(1, 'hello').subarray(0, 12)], UNSHARED);
    assert.deepEqual(recorder.owners, [UNSHARED]);
    assert.deepEqual(recorder.lines, ['begin 0 1 5']);
  });

  it('reads nothing more once it was stopped, in whatever call', () => {
    const bytes = Buffer.concat([ping('12345678'), data(1, 'hello', { pad: 1 }), ping('87654321')]);
    for (const [stopsAt, calls] of [
      ['frame', 1],
      ['begin', 2],
      ['data', 2],
      ['hello', 3],
    ] as const)
      for (const pieces of [[bytes], eachOctet(bytes)]) {
        const recorder = new Recorder();
        recorder.stopsAt = stopsAt;
        recorder.receive(pieces);
        assert.equal(recorder.lines.length, calls, stopsAt);
      }
  });

  it('keeps the beginning of one frame at most', () => {
    // What is kept is not more than a frame that was promised and is allowed.
    const bytes = Buffer.concat([frame(9, 0, 1, Buffer.alloc(16_384)), frame(9, 0, 1, Buffer.alloc(16_384))]);
    const recorder = new Recorder();
    recorder.receive(eachOctet(bytes.subarray(0, bytes.length - 1)));
    assert.equal(recorder.lines.length, 1);
  });
});
