import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { isValidAuthority } from '../../protocols/http/authority.ts';
import { isFieldValue, isPathAndQuery, isToken } from '../../protocols/http/characters.ts';
import { checkField } from '../../protocols/http2/field-rules.ts';
import { printReceived } from '../support/http2-frame-log.ts';
import { plainBlock } from '../support/http2-hpack.ts';
import type { RequestWords } from '../support/http2-request-block.ts';
import { requestFrame, ServerWire } from '../support/http2-server-wire.ts';
import { readHttp2Transcripts } from '../support/http2-transcripts.ts';
import {
  continuation,
  data,
  frame,
  goaway,
  headers,
  PREFACE,
  ping,
  priority,
  priorityUpdate,
  rstStream,
  settings,
  windowUpdate,
} from '../support/http2-wire.ts';

const scripts = readHttp2Transcripts()
  .map(({ steps }) =>
    Buffer.concat(steps.map((step) => (step.kind === 'send' ? step.bytes : Buffer.alloc(0)))),
  )
  .filter(({ length }) => length < 2000);

const streamId = fc.constantFrom(0, 1, 2, 3, 5, 7, 0x7fffffff);
const pad = fc.constantFrom<{ pad?: number }>({}, {}, { pad: 0 }, { pad: 3 }, { pad: 255 });
const content = fc.string({ maxLength: 40 });
const words: fc.Arbitrary<RequestWords> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT', 'get it'),
  path: fc.constantFrom('/', '/a?b', '*', '', '/ ', '//'),
  fields: fc.array(
    fc.tuple(
      fc.constantFrom(
        'cookie',
        'content-length',
        'te',
        'host',
        'expect',
        'x-a',
        'X-A',
        ':path',
        'upgrade',
        '__proto__',
      ),
      fc.constantFrom('', '5', 'trailers', 'a.example', '100-continue', 'x\r\ny: z', 'a=b'),
    ),
    { maxLength: 3 },
  ),
});
const endings = fc.record({
  endStream: fc.boolean(),
  endHeaders: fc.oneof({ weight: 5, arbitrary: fc.constant(true) }, fc.boolean()),
});
const anyFrame: fc.Arbitrary<Buffer> = fc.oneof(
  fc
    .tuple(streamId, words, endings, pad)
    .map(([id, asked, ends, padding]) => requestFrame(id, asked, { ...ends, ...padding })),
  fc.tuple(streamId, endings).map(([id, ends]) => headers(id, plainBlock([['x-trailer', 'y']]), ends)),
  fc
    .tuple(streamId, fc.boolean())
    .map(([id, endHeaders]) => continuation(id, plainBlock([['x-c', 'd']]), { endHeaders })),
  fc
    .tuple(streamId, content, pad, fc.boolean())
    .map(([id, text, padding, endStream]) => data(id, text, { ...padding, endStream })),
  fc.tuple(streamId, fc.nat(20)).map(([id, code]) => rstStream(id, code)),
  fc
    .tuple(streamId, fc.constantFrom(0, 1, 1000, 0x7fffffff))
    .map(([id, increment]) => windowUpdate(id, increment)),
  fc.tuple(streamId, streamId).map(([id, dependency]) => priority(id, { dependency })),
  fc.tuple(streamId, content).map(([id, value]) => priorityUpdate(id, value)),
  fc
    .tuple(fc.nat(9), fc.constantFrom(0, 1, 16_384, 65_535, 0x7fffffff))
    .map(([id, value]) => settings([[id, value]])),
  fc.constantFrom(
    ping('12345678'),
    ping('12345678', { ack: true }),
    goaway(0, 0),
    settings([], { flags: 1 }),
  ),
  fc
    .tuple(fc.nat(255), fc.nat(255), streamId, content)
    .map(([type, flags, id, text]) => frame(type, flags, id, Buffer.from(text))),
);
const frames = fc
  .array(anyFrame, { maxLength: 12 })
  .map((list) => Buffer.concat([PREFACE, settings(), ...list]));
const legalOrNot = fc.oneof(frames, fc.constantFrom(...scripts));
const mutated = fc
  .tuple(
    legalOrNot,
    fc.array(fc.tuple(fc.nat(), fc.nat(255), fc.constantFrom('set', 'cut', 'add')), { maxLength: 4 }),
  )
  .map(([bytes, changes]) => {
    let changed = Buffer.from(bytes);
    for (const [place, value, kind] of changes) {
      const at = place % (changed.length + 1);
      const rest = kind === 'add' ? changed.subarray(at) : changed.subarray(at + 1);
      const between = kind === 'cut' ? Buffer.alloc(0) : Buffer.of(value);
      changed = Buffer.concat([changed.subarray(0, at), between, rest]);
    }
    return changed;
  });

/** A server whose bodies are read, and which answers nothing: what it says does not depend on where reads end. */
function play(pieces: readonly Buffer[]) {
  const wire = new ServerWire();
  wire.onRequest = (request) => request.read();
  for (const piece of pieces) {
    const shown = Buffer.from(piece);
    wire.engine.receive(shown, 0, shown.length, undefined, 0);
    shown.fill(0xdd);
    wire.turn();
  }
  return {
    wire,
    told: {
      frames: wire.takeFrames().map(printReceived),
      faults: wire.faults,
      refused: wire.refused.map(({ fault }) => fault.rule),
      closed: wire.closed,
      glitches: wire.glitches,
      inHead: wire.engine.inHead,
      requests: [...wire.requests].map(([id, { requestHead, body, trailers, fault }]) => ({
        id,
        requestHead,
        body,
        trailers,
        fault,
      })),
    },
  };
}

test('any octets mean the same however they are cut', () => {
  fc.assert(
    fc.property(mutated, fc.array(fc.nat(), { maxLength: 5 }), (bytes, places) => {
      const cuts = [...new Set(places.map((place) => place % (bytes.length + 1)))].toSorted((a, b) => a - b);
      const ends = [...cuts, bytes.length];
      const pieces = ends.map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end));
      const { told } = play([bytes]);
      assert.deepEqual(play(pieces).told, told);
      assert.deepEqual(play([...bytes].map((octet) => Buffer.of(octet))).told, told);
    }),
    { numRuns: 600 },
  );
});

test('no octets make a server throw, or show a request that breaks the rules', () => {
  fc.assert(
    fc.property(mutated, (bytes) => {
      const { wire } = play([bytes]);
      for (const [id, { requestHead, trailers }] of wire.requests) {
        const { method, authority, path, headers: fields, scheme, bodyLength } = requestHead;
        assert.equal(id % 2, 1);
        assert.ok(isToken(method, 0, method.length) && method !== 'CONNECT');
        assert.ok(isValidAuthority(authority));
        assert.ok(scheme === 'http' || scheme === 'https');
        assert.ok(
          path === '*' ? method === 'OPTIONS' : path.startsWith('/') && isPathAndQuery(path, 0, path.length),
        );
        assert.ok(bodyLength >= -1);
        for (const list of [fields, trailers ?? []])
          for (let i = 0; i < list.length; i += 2) {
            const [name, value] = [list[i]!, list[i + 1]!];
            assert.equal(checkField(name, value), undefined);
            assert.ok(isFieldValue(value, 0, value.length) && value === value.trim());
            assert.ok(!['host', 'content-length', 'transfer-encoding', 'connection'].includes(name));
          }
      }
      wire.engine.stop({ rule: 'reset-by-peer', scope: 'stream', code: 8, status: 0, detail: '' });
      assert.equal(wire.engine.streams.size, 0);
    }),
    { numRuns: 3000 },
  );
});
