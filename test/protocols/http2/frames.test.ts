import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, it } from 'node:test';
import { writeData } from '../../../protocols/http2/frame/data.ts';
import { readUint31, readUint32, writeFrameHeader } from '../../../protocols/http2/frame/frame-header.ts';
import { writeGoaway } from '../../../protocols/http2/frame/goaway.ts';
import { type HeadersPayload, readHeaders, writeHeaders } from '../../../protocols/http2/frame/headers.ts';
import { writePing, writePingAck } from '../../../protocols/http2/frame/ping.ts';
import { dependsOn } from '../../../protocols/http2/frame/priority.ts';
import { writeRstStream } from '../../../protocols/http2/frame/rst-stream.ts';
import { SETTING, writeSettings, writeSettingsAck } from '../../../protocols/http2/frame/settings.ts';
import { writeWindowUpdate } from '../../../protocols/http2/frame/window-update.ts';
import type { FrameOutput } from '../../../protocols/http2/frame-output.ts';
import { printFrame } from '../../support/http2-describe-frame.ts';
import { Http2FrameReader } from '../../support/http2-frame-reader.ts';
import { SETTINGS } from '../../support/http2-names.ts';
import { headers as headersFrame } from '../../support/http2-wire.ts';
import { RecordingFrameOutput } from '../../support/recording-frame-output.ts';

function written(write: (output: FrameOutput) => void): string[] {
  const output = new RecordingFrameOutput();
  write(output);
  return new Http2FrameReader().read(output.take()).map(printFrame);
}

describe('frames that are written', () => {
  const cases: readonly (readonly [string, (output: FrameOutput) => void])[] = [
    ['DATA stream=1 "bcd"', (output) => writeData(output, 1, Buffer.from('abcde'), 1, 4, false)],
    [
      'DATA stream=2147483647 END_STREAM',
      (output) => writeData(output, 0x7fffffff, Buffer.alloc(0), 0, 0, true),
    ],
    ['RST_STREAM stream=3 ENHANCE_YOUR_CALM', (output) => writeRstStream(output, 3, 0xb)],
    ['RST_STREAM stream=3 0xffffffff', (output) => writeRstStream(output, 3, 0xffffffff)],
    [
      'SETTINGS INITIAL_WINDOW_SIZE=2147483647 MAX_CONCURRENT_STREAMS=4294967295',
      (output) =>
        writeSettings(output, [
          [SETTING.INITIAL_WINDOW_SIZE, 0x7fffffff],
          [SETTING.MAX_CONCURRENT_STREAMS, 0xffffffff],
        ]),
    ],
    ['SETTINGS', (output) => writeSettings(output, [])],
    ['SETTINGS ACK', writeSettingsAck],
    ['PING "\\x00\\x00\\x00\\x00\\x01\\x02\\x03\\x04"', (output) => writePing(output, 0x01020304)],
    ['PING ACK "12345678"', (output) => writePingAck(output, Buffer.from('..12345678'), 2)],
    ['GOAWAY last=2147483647 NO_ERROR', (output) => writeGoaway(output, 0x7fffffff, 0, '')],
    ['GOAWAY last=5 PROTOCOL_ERROR "why"', (output) => writeGoaway(output, 5, 1, 'why')],
    ['WINDOW_UPDATE stream=0 increment=2147483647', (output) => writeWindowUpdate(output, 0, 0x7fffffff)],
  ];
  for (const [text, write] of cases)
    it(`are ${text}`, () => {
      const [line, ...more] = written(write);
      assert.deepEqual(more, []);
      assert.deepEqual(normal(line!), normal(text));
    });

  it('carry a header block in as many frames as it takes', () => {
    const block = Buffer.from('abcdefgh..');
    assert.deepEqual(
      written((output) => writeHeaders(output, 1, block, 8, 3, true)),
      [
        'HEADERS stream=1 END_STREAM "abc"',
        'CONTINUATION stream=1 "def"',
        'CONTINUATION stream=1 END_HEADERS "gh"',
      ],
    );
    assert.deepEqual(
      written((output) => writeHeaders(output, 1, block, 6, 3, false)),
      ['HEADERS stream=1 "abc"', 'CONTINUATION stream=1 END_HEADERS "def"'],
    );
    assert.deepEqual(
      written((output) => writeHeaders(output, 1, block, 3, 3, false)),
      ['HEADERS stream=1 END_HEADERS "abc"'],
    );
    assert.deepEqual(
      written((output) => writeHeaders(output, 1, block, 0, 3, true)),
      ['HEADERS stream=1 END_STREAM END_HEADERS'],
    );
  });

  it('have numbers of 24, 31 and 32 bits', () => {
    const buffer = Buffer.alloc(10, 0xee);
    writeFrameHeader(buffer, 1, 0xfedcba, 0x12, 0x34, 0x7fffffff);
    assert.equal(buffer.toString('hex'), 'eefedcba12347fffffff');
    assert.equal(readUint31(Buffer.from('ffffffff', 'hex'), 0), 0x7fffffff);
    assert.equal(readUint32(Buffer.from('ffffffff', 'hex'), 0), 0xffffffff);
    assert.equal(readUint32(Buffer.from('0180000001', 'hex'), 1), 0x80000001);
  });

  it('know the settings by the numbers of their RFCs', () => {
    for (const [name, number] of Object.entries(SETTING))
      assert.equal(SETTINGS[name as keyof typeof SETTINGS], number);
  });
});

describe('the payload of HEADERS', () => {
  const into: HeadersPayload = { from: 0, to: 0, dependsOnItself: false };
  function read(frame: Buffer, streamId = 1): string | undefined {
    const shifted = Buffer.concat([Buffer.from('##'), frame, Buffer.from('##')]);
    if (!readHeaders(shifted, 11, 2 + frame.length, frame[4]!, streamId, into)) return undefined;
    return shifted.toString('latin1', into.from, into.to);
  }
  const block = Buffer.from('block');

  it('is found between padding and priority', () => {
    for (const pad of [undefined, 0, 9, 255])
      for (const priority of [
        undefined,
        { dependency: 0 },
        { dependency: 0x7fffffff, exclusive: true, weight: 256 },
      ]) {
        const options = { ...(pad === undefined ? {} : { pad }), priority };
        assert.equal(read(headersFrame(1, block, options)), 'block');
        assert.equal(into.dependsOnItself, false);
        assert.equal(read(headersFrame(1, Buffer.alloc(0), options)), '');
      }
  });

  it('says when a stream depends on itself, exclusively too', () => {
    for (const exclusive of [false, true]) {
      read(headersFrame(5, block, { priority: { dependency: 5, exclusive } }), 5);
      assert.equal(into.dependsOnItself, true);
    }
    read(headersFrame(5, block), 5);
    assert.equal(into.dependsOnItself, false);
    assert.equal(dependsOn(Buffer.from('8000000510', 'hex'), 0), 5);
  });

  it('is none when padding or priority do not fit', () => {
    const broken = (flags: number, payload: number[]) =>
      read(Buffer.concat([Buffer.from([0, 0, 0, 1, flags, 0, 0, 0, 1]), Buffer.from(payload)]));
    assert.equal(broken(0x08, []), undefined);
    assert.equal(broken(0x08, [1]), undefined);
    assert.equal(broken(0x08, [0]), '');
    assert.equal(broken(0x20, [0, 0, 0, 0]), undefined);
    assert.equal(broken(0x20, [0, 0, 0, 0, 0]), '');
    assert.equal(broken(0x28, [0, 0, 0, 0, 0]), undefined);
    assert.equal(broken(0x28, [1, 0, 0, 0, 0, 0]), undefined);
    assert.equal(broken(0x28, [1, 0, 0, 0, 0, 0, 9]), '');
  });
});

/** Settings may come in any order of the words. */
function normal(line: string): string[] {
  return line.split(' ').toSorted();
}
