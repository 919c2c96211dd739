import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BodyParser } from '../../../protocols/http1/body-parser.ts';
import {
  DEFAULT_LIMITS,
  MAX_CHUNK_EXTENSION_BYTES,
  MAX_CHUNK_LINE_BYTES,
} from '../../../protocols/http1/limits.ts';
import { FAULTY, NEED_MORE } from '../../../protocols/http1/section-parser.ts';
import { octets } from '../../support/recording-output.ts';

class Body {
  data = '';
  pieces = 0;
  readonly parser: BodyParser = new BodyParser(this, DEFAULT_LIMITS);

  receive(text: string): number {
    const bytes = octets(text);
    return this.parser.receive(bytes, 0, bytes.length);
  }

  bodyData(bytes: Buffer, start: number, end: number): void {
    this.data += bytes.toString('latin1', start, end);
    this.pieces += 1;
  }
}

function chunked(text: string): { body: Body; after: number; rule: string | undefined } {
  const body = new Body();
  body.parser.startChunked();
  const after = body.receive(text);
  return { body, after, rule: body.parser.fault?.rule };
}

describe('a sized body', () => {
  test('ends behind its last byte', () => {
    const body = new Body();
    body.parser.startSized(5);

    assert.equal(body.receive('hel'), NEED_MORE);
    assert.equal(body.receive('lo, world'), 2);
    assert.equal(body.data, 'hello');
  });

  test('is shown in place, without a copy', () => {
    const bytes = octets('--hello--');
    let shown: readonly unknown[] = [];
    const parser = new BodyParser({ bodyData: (...given) => (shown = given) }, DEFAULT_LIMITS);
    parser.startSized(5);

    parser.receive(bytes, 2, 9);

    assert.equal(shown[0], bytes);
    assert.deepEqual(shown.slice(1), [2, 7]);
  });
});

describe('a body until the end of the connection', () => {
  test('takes everything and says that it ends so', () => {
    const body = new Body();
    assert.equal(body.parser.endsWithConnection, false);
    body.parser.startUntilClose();

    assert.equal(body.receive('0\r\n\r\n'), NEED_MORE);
    assert.equal(body.data, '0\r\n\r\n');
    assert.equal(body.parser.endsWithConnection, true);
  });
});

describe('a chunked body', () => {
  test('ends behind its trailer section', () => {
    const { body, after } = chunked('3\r\nabc\r\n2;x\r\nde\r\n0\r\nX: y\r\n\r\nrest');

    assert.equal(after, 28);
    assert.equal(body.data, 'abcde');
    assert.deepEqual(body.parser.trailers, ['x', 'y']);
  });

  test('shows each chunk once when it comes whole', () => {
    const { body } = chunked(`4000\r\n${'x'.repeat(0x4000)}\r\n1\r\ny\r\n`);

    assert.equal(body.pieces, 2);
  });

  test('leaves nothing behind for the next one', () => {
    const body = new Body();
    body.parser.startChunked();
    body.receive(`1;${'e'.repeat(1000)}\r\na\r\n0\r\nX: y\r\n\r\n`);

    body.parser.startChunked();
    assert.deepEqual(body.parser.trailers, []);
    assert.equal(body.receive('1\r\nb\r\n0\r\n\r\n'), 11);
    assert.deepEqual(body.parser.trailers, []);
    body.parser.startSized(1);
    assert.equal(body.receive('cd'), 1);
    assert.equal(body.data, 'abc');
  });

  test('counts sizes exactly up to thirteen digits', () => {
    const body = new Body();
    body.parser.startChunked();

    body.receive('fffffffffffff\r\n');

    assert.equal(body.receive('x'.repeat(100)), NEED_MORE);
    assert.equal(chunked('10000000000000\r\n').rule, 'bad-chunk-size');
  });

  test('has size lines of a bounded length, digits included', () => {
    const line = (length: number) => `00005;${'e'.repeat(length - 6)}\r\nhello\r\n0\r\n\r\n`;

    assert.equal(chunked(line(MAX_CHUNK_LINE_BYTES)).after > 0, true);
    assert.equal(chunked(line(MAX_CHUNK_LINE_BYTES + 1)).rule, 'chunk-extension-too-long');
  });

  test('has a bounded sum of extensions, counted anew for each body', () => {
    const each = 1000;
    const chunk = `1;${'e'.repeat(each - 1)}\r\nx\r\n`;
    const left = MAX_CHUNK_EXTENSION_BYTES % each;
    const most = chunk.repeat(Math.floor(MAX_CHUNK_EXTENSION_BYTES / each));
    const end = (length: number) => `0;${'e'.repeat(length - 1)}\r\n\r\n`;
    const body = new Body();

    for (let i = 0; i < 2; i++) {
      body.parser.startChunked();
      assert.ok(body.receive(most + end(left)) > 0);
    }
    assert.equal(chunked(most + end(left + 1)).rule, 'chunk-extension-too-long');
  });

  test('has trailers within the limits of a section', () => {
    assert.equal(chunked(`0\r\n${'a: b\r\n'.repeat(200)}\r\n`).after > 0, true);
    assert.equal(chunked(`0\r\n${'a: b\r\n'.repeat(201)}\r\n`).rule, 'too-many-fields');
    assert.equal(chunked(`0\r\nx: ${'y'.repeat(DEFAULT_LIMITS.lineBytes)}`).rule, 'field-too-long');
  });

  test('says FAULTY at the first octet that cannot be', () => {
    const body = new Body();
    body.parser.startChunked();

    assert.equal(body.receive('5\r'), NEED_MORE);
    assert.equal(body.receive('x'), FAULTY);
    assert.equal(body.parser.fault?.rule, 'bare-cr');
  });
});
