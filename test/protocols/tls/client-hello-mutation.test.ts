import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ClientHelloReader, type ClientHelloResult } from '../../../protocols/tls/client-hello.ts';
import { MAX_BUFFERED_BYTES } from '../../../protocols/tls/limits.ts';
import {
  alpn,
  buildHello,
  records,
  serverName,
  signatureAlgorithms,
  supportedGroups,
  supportedVersions,
} from '../../support/client-hello-builder.ts';

const HELLO = buildHello({
  extensions: [
    serverName('shop.example.org'),
    supportedGroups(0x001d),
    signatureAlgorithms(0x0403),
    alpn('h2', 'http/1.1'),
    supportedVersions(0x0304),
  ],
});

/** A good hello in records of any size, of which some bytes have been changed, left out or doubled. */
const damagedHello = fc
  .tuple(
    fc.integer({ min: 1, max: HELLO.length }),
    fc.array(
      fc.record({
        at: fc.nat(HELLO.length),
        kind: fc.constantFrom('change', 'drop', 'double'),
        byte: fc.nat(255),
      }),
      { maxLength: 6 },
    ),
  )
  .map(([fragmentBytes, edits]) => {
    const bytes = [...records(HELLO, fragmentBytes)];
    for (const { at, kind, byte } of edits) {
      if (kind === 'change') bytes[at] = byte;
      else if (kind === 'drop') bytes.splice(at, 1);
      else bytes.splice(at, 0, byte);
    }
    return Buffer.from(bytes);
  });

describe('ClientHelloReader on damaged input', () => {
  it('never throws, and answers alike however the input is cut', () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 10 });
    let read = 0;
    let refused = 0;

    fc.assert(
      fc.property(damagedHello, cuts, (wire, sizes) => {
        const whole = feed(wire, [wire.length]);
        if (whole.kind === 'hello') read += 1;
        if (whole.kind === 'malformed') refused += 1;
        assert.deepEqual(feed(wire, sizes), whole);
      }),
      { numRuns: 2000 },
    );

    assert.ok(
      read > 50 && refused > 50,
      `the damage must not always be the same: ${read} read, ${refused} refused`,
    );
  });

  it('never throws on noise, nor keeps more of it than its bound', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (noise) => {
        const reader = new ClientHelloReader();
        const result = reader.receive(Buffer.concat([Buffer.from([22, 3, 1]), noise]));
        assert.ok(result.kind !== 'need-more' || reader.bytes().length <= MAX_BUFFERED_BYTES);
      }),
      { numRuns: 1000 },
    );
  });
});

/** Feeds `wire` in chunks of the given sizes, over and over. */
function feed(wire: Buffer, sizes: readonly number[]): ClientHelloResult {
  const reader = new ClientHelloReader();
  let at = 0;
  for (let i = 0; ; i++) {
    const end = Math.min(wire.length, at + sizes[i % sizes.length]!);
    const result = reader.receive(wire.subarray(at, end));
    at = end;
    if (result.kind !== 'need-more' || at === wire.length) return result;
  }
}
