import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, it } from 'node:test';
import { HpackDecoder as Decoder } from '../../../protocols/hpack/decoder.ts';
import { ResponseHead } from '../../../protocols/http/message.ts';
import { type EncodedBlock, HeadEncoder } from '../../../protocols/http2/head-encoder.ts';
import { GET } from '../../support/http2-client-wire.ts';
import { HpackDecoder } from '../../support/http2-hpack-decoder.ts';

/** An encoder and who reads what it makes. */
class Rig {
  readonly encoder: HeadEncoder = new HeadEncoder();
  readonly #decoder: HpackDecoder = new HpackDecoder(4096);
  last = Buffer.alloc(0);

  read({ buffer, length }: EncodedBlock): string[] {
    this.last = Buffer.from(buffer.subarray(0, length));
    return this.#decoder.decode(this.last).map(([name, value]) => `${name}: ${value}`);
  }
}

const response = (headers: readonly string[], status = 200, bodyLength = -1) =>
  new ResponseHead(status, '', headers, bodyLength);

describe('the head of a response', () => {
  it('has its status first, and its length last where there may be one', () => {
    const rig = new Rig();
    assert.deepEqual(rig.read(rig.encoder.response(response(['x-a', 'b'], 200, 7))), [
      ':status: 200',
      'x-a: b',
      'content-length: 7',
    ]);
    assert.deepEqual(rig.read(rig.encoder.response(response([], 304, 7))), [
      ':status: 304',
      'content-length: 7',
    ]);
    assert.deepEqual(rig.read(rig.encoder.response(response([], 200, 0))), [
      ':status: 200',
      'content-length: 0',
    ]);
    for (const status of [103, 204])
      assert.deepEqual(rig.read(rig.encoder.response(response([], status, 0))), [`:status: ${status}`]);
  });

  it('is sent again in the same octets, whatever was sent between', () => {
    const rig = new Rig();
    const head = response(['x-a', 'b', 'x-c', 'd']);
    const first = rig.read(rig.encoder.response(head));
    assert.deepEqual(rig.read(rig.encoder.response(head)), first);
    const settled = rig.last;
    rig.read(rig.encoder.trailers(['grpc-status', '0']));
    assert.deepEqual(rig.read(rig.encoder.response(head)), first);
    assert.deepEqual(rig.read(rig.encoder.response(head)), first);
    assert.equal(rig.last.length, settled.length);
  });

  it('means the same after its table has moved on', () => {
    const rig = new Rig();
    const heads = Array.from({ length: 12 }, (_, i) =>
      response([`x-${i % 5}`, `${i}`.repeat(40 * (i % 4)), 'server', 'a']),
    );
    for (let round = 0; round < 40; round++) {
      const head = heads[(round * round + round) % heads.length]!;
      const expected = [':status: 200', ...[0, 2].map((i) => `${head.headers[i]}: ${head.headers[i + 1]}`)];
      assert.deepEqual(rig.read(rig.encoder.response(head)), expected);
    }
  });
});

describe('the head of a response that has secrets', () => {
  it('keeps them out of the table, though it is sent again', () => {
    const rig = new Rig();
    const fields = ['x-secret', 'hush', 'x-a', 'b'];
    const head = new ResponseHead(200, '', fields, -1, new Set(['x-secret']));
    const decoder = new Decoder(4096, { listBytes: 1000, fieldBytes: 1000, fields: 10 });
    for (let i = 0; i < 3; i++) {
      rig.read(rig.encoder.response(head));
      assert.equal(decoder.decode(rig.last, 0, rig.last.length), undefined);
      assert.deepEqual(decoder.headers, [':status', '200', ...fields]);
      assert.deepEqual(decoder.neverIndexed, ['x-secret']);
    }
  });
});

describe('the head of a request', () => {
  it('has its pseudo-header fields first, and its id behind what repeats', () => {
    const rig = new Rig();
    const fields = {
      ...GET,
      headers: ['accept', '*/*'],
      bodyLength: 3,
      protocol: 'websocket',
      method: 'CONNECT',
    };
    const block = (id: string) => [
      ':method: CONNECT',
      ':protocol: websocket',
      ':scheme: http',
      ':authority: a.example',
      ':path: /',
      'accept: */*',
      'content-length: 3',
      `x-request-id: ${id}`,
    ];
    for (const id of ['a', 'b', 'c', 'd'])
      assert.deepEqual(rig.read(rig.encoder.request(fields, id)), block(id));
  });

  it('says the length of a body only where it is known and there is one', () => {
    const rig = new Rig();
    for (const bodyLength of [-1, 0])
      assert.ok(
        !rig
          .read(rig.encoder.request({ ...GET, bodyLength }, 'a'))
          .some((line) => line.startsWith('content-length')),
      );
  });

  it('keeps secrets out of the table, though it is sent again', () => {
    const rig = new Rig();
    const fields = { ...GET, headers: ['x-secret', 'hush'], neverIndexed: new Set(['x-secret']) };
    for (let i = 0; i < 3; i++) {
      rig.read(rig.encoder.request(fields, 'a'));
      const at = rig.last.indexOf('hush');
      assert.ok(at > 0, 'the value is a literal each time');
      assert.equal(rig.last[at - 'x-secret'.length - 3]! & 0xf0, 0x10);
    }
  });

  it('keeps pseudo-header fields out of the table that came so', () => {
    const rig = new Rig();
    const secrets = [':method', ':scheme', ':authority', ':path'];
    const fields = { ...GET, method: 'BREW', path: '/hush', neverIndexed: new Set(secrets) };
    const decoder = new Decoder(4096, { listBytes: 1000, fieldBytes: 1000, fields: 10 });
    for (let i = 0; i < 2; i++) {
      rig.read(rig.encoder.request(fields, ''));
      assert.equal(decoder.decode(rig.last, 0, rig.last.length), undefined);
      assert.deepEqual(decoder.neverIndexed, secrets);
    }
  });
});

describe("a change of the table's size", () => {
  const SIZE_UPDATE = 0x20;
  const isUpdate = (block: Buffer) => (block[0]! & 0xe0) === SIZE_UPDATE;

  it('is announced once, in the next block, whichever that is, and never sent again', () => {
    const blocks: readonly ((rig: Rig) => unknown)[] = [
      (rig) => rig.read(rig.encoder.response(KNOWN)),
      (rig) => rig.read(rig.encoder.request(GET, 'a')),
      (rig) => rig.read(rig.encoder.trailers(['a', 'b'])),
    ];
    for (const next of blocks)
      for (const size of [0, 100, 2000]) {
        const rig = new Rig();
        for (let i = 0; i < 3; i++) for (const block of blocks) block(rig);
        rig.encoder.limitTable(size);
        next(rig);
        assert.ok(isUpdate(rig.last));
        for (let i = 0; i < 4; i++)
          for (const block of blocks) {
            block(rig);
            assert.ok(!isUpdate(rig.last));
          }
      }
  });

  const KNOWN = response(['x-a', 'b']);

  it('to nothing leaves an encoder that remembers its blocks and needs no table', () => {
    const rig = new Rig();
    rig.encoder.limitTable(0);
    const first = rig.read(rig.encoder.response(KNOWN));
    for (let i = 0; i < 3; i++) assert.deepEqual(rig.read(rig.encoder.response(KNOWN)), first);
  });

  it('that is none to us is not announced', () => {
    const rig = new Rig();
    rig.read(rig.encoder.response(KNOWN));
    rig.encoder.limitTable(65_536);
    assert.deepEqual(rig.read(rig.encoder.response(KNOWN)), [':status: 200', 'x-a: b']);
    assert.ok(!isUpdate(rig.last));
  });
});
