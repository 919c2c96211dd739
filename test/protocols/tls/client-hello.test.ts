import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, it } from 'node:test';
import { ClientHelloReader, type ClientHelloResult } from '../../../protocols/tls/client-hello.ts';
import { MAX_BUFFERED_BYTES, MAX_HELLO_BYTES, MAX_HELLO_RECORDS } from '../../../protocols/tls/limits.ts';
import {
  alpn,
  buildHello,
  type Extension,
  handshake,
  preSharedKey,
  record,
  records,
  serverName,
  signatureAlgorithms,
  supportedGroups,
  supportedVersions,
} from '../../support/client-hello-builder.ts';

const FULL_HELLO = buildHello({
  cipherSuites: [0x3a3a, 0x1301, 0xc02b],
  extensions: [
    [0x0a0a, new Uint8Array(0)],
    serverName('Shop.Example.org.'),
    supportedGroups(0x1a1a, 0x11ec, 0x001d),
    signatureAlgorithms(0x0403, 0x0804),
    alpn('h2', '\x2a\x2a', 'http/1.1'),
    supportedVersions(0xdada, 0x0304, 0x0303),
    [0xfafa, new Uint8Array(1)],
  ],
});

describe('ClientHelloReader', () => {
  it('reads name, protocols, versions and the lists in the order of the client, without GREASE', () => {
    const result = read(records(FULL_HELLO));

    assert.deepEqual(result, {
      kind: 'hello',
      hello: {
        serverName: 'shop.example.org',
        serverNameKind: 'dns',
        alpn: ['h2', 'http/1.1'],
        versions: [0x0304, 0x0303],
        cipherSuites: [0x1301, 0xc02b],
        extensions: [0, 10, 13, 16, 43],
        supportedGroups: [0x11ec, 0x001d],
        signatureAlgorithms: [0x0403, 0x0804],
        ticketName: '',
      },
    });
  });

  it('reads the name of the key in a ticket of TLS 1.2 or 1.3, and none from what is too short for one', () => {
    const name = Buffer.from('0123456789abcdef');
    const ticket = Buffer.concat([name, Buffer.alloc(100, 1)]);
    const ticketName = (...extensions: Extension[]) => {
      const result = read(records(buildHello({ extensions })));
      assert(result.kind === 'hello');
      return result.hello.ticketName;
    };

    assert.equal(ticketName([35, ticket]), '0123456789abcdef');
    assert.equal(ticketName(preSharedKey(ticket)), '0123456789abcdef');
    assert.equal(ticketName([35, Buffer.alloc(20, 'x')], preSharedKey(ticket)), '0123456789abcdef');
    assert.equal(ticketName([35, new Uint8Array(0)]), '');
    assert.equal(ticketName([35, name.subarray(1)]), '');
    assert.equal(ticketName(preSharedKey(name.subarray(1))), '');
    for (let cut = 0; cut < 20; cut++) {
      assert.equal(ticketName([41, preSharedKey(ticket)[1].subarray(0, cut)]), '', `${cut} bytes`);
    }
  });

  it('gives the same answer wherever the input is cut in two', () => {
    const whole = records(FULL_HELLO);
    const expected = read(whole);

    for (let cut = 1; cut < whole.length; cut++) {
      const reader = new ClientHelloReader();
      assert.equal(reader.receive(whole.subarray(0, cut)).kind, 'need-more', `first ${cut} bytes`);
      assert.deepEqual(reader.receive(whole.subarray(cut)), expected, `cut at ${cut}`);
      assert.deepEqual(reader.bytes(), whole);
    }
  });

  it('reads a message cut into records of any size, each arriving byte by byte', () => {
    const expected = read(records(FULL_HELLO));

    for (const fragmentBytes of [1, 2, 3, 4, 5, 7, 64, 100]) {
      const wire = records(FULL_HELLO, fragmentBytes);
      assert.deepEqual(feed(wire, 1), expected, `records of ${fragmentBytes}`);
    }
  });

  it('keeps what came behind the hello for whoever takes the connection over', () => {
    const reader = new ClientHelloReader();
    const wire = Buffer.concat([records(FULL_HELLO), Buffer.from('early data')]);

    assert.equal(reader.receive(wire).kind, 'hello');

    assert.deepEqual(reader.bytes(), wire);
  });

  it('does not depend on the memory of the chunk after receive', () => {
    const wire = records(FULL_HELLO);
    const chunk = Buffer.from(wire);
    const reader = new ClientHelloReader();

    reader.receive(chunk);
    chunk.fill(0);

    assert.deepEqual(reader.bytes(), wire);
  });

  it('refuses to be called again after its answer', () => {
    const reader = new ClientHelloReader();
    reader.receive(records(FULL_HELLO));

    assert.throws(() => reader.receive(Buffer.from([1])), /already/);
  });

  it('takes a hello of exactly the largest size and refuses one byte more', () => {
    const largest = paddedHello(MAX_HELLO_BYTES);
    const tooLarge = paddedHello(MAX_HELLO_BYTES + 1);

    assert.equal(read(records(largest)).kind, 'hello');
    assert.equal(ruleOf(read(records(tooLarge))), 'hello-too-large');
  });

  it('takes a hello in the largest number of records and refuses one record more', () => {
    const atLimit = handshakeOfFragments(MAX_HELLO_RECORDS);
    const overLimit = handshakeOfFragments(MAX_HELLO_RECORDS + 1);

    assert.equal(read(atLimit).kind, 'hello');
    assert.equal(ruleOf(read(overLimit)), 'too-many-records');
  });

  it('never holds more than its bound while it asks for more', () => {
    const largest = paddedHello(MAX_HELLO_BYTES);
    const fragmentBytes = Math.ceil(largest.length / MAX_HELLO_RECORDS);
    const reader = new ClientHelloReader();
    let most = 0;

    for (const byte of records(largest, fragmentBytes)) {
      if (reader.receive(Buffer.from([byte])).kind === 'need-more')
        most = Math.max(most, reader.bytes().length);
    }

    assert.ok(most > MAX_HELLO_BYTES && most < MAX_BUFFERED_BYTES, `${most} bytes`);
  });

  it('says at the fourth byte of the message that its length is not believed', () => {
    const reader = new ClientHelloReader();
    const opening = Buffer.from([22, 3, 1, 0x40, 0x00, 1, 0xff, 0xff, 0xff]);

    assert.equal(reader.receive(opening.subarray(0, 8)).kind, 'need-more');
    assert.equal(ruleOf(reader.receive(opening.subarray(8))), 'hello-too-large');
  });

  it('hands out fault values that cannot be changed', () => {
    const result = read(record(23, Buffer.from('x')));

    assert.ok(result.kind === 'malformed' && Object.isFrozen(result.fault));
  });

  it('refuses a handshake message of another type at its first byte', () => {
    const serverHello = records(handshake(2, new Uint8Array(40)));

    assert.equal(ruleOf(read(serverHello.subarray(0, 6))), 'message-type');
  });
});

/** A hello whose body has exactly `bodyBytes`, filled by a padding extension (RFC 7685). */
function paddedHello(bodyBytes: number): Buffer {
  const bare = buildHello({ extensions: [supportedVersions(0x0304), [21, new Uint8Array(0)]] }).length - 4;
  return buildHello({ extensions: [supportedVersions(0x0304), [21, new Uint8Array(bodyBytes - bare)]] });
}

/** A hello in exactly `count` records. */
function handshakeOfFragments(count: number): Buffer {
  const message = paddedHello(1024);
  const singles = records(message.subarray(0, count - 1), 1);
  return Buffer.concat([singles, record(22, message.subarray(count - 1))]);
}

function read(wire: Uint8Array): ClientHelloResult {
  return new ClientHelloReader().receive(wire);
}

function feed(wire: Uint8Array, step: number): ClientHelloResult {
  const reader = new ClientHelloReader();
  let result: ClientHelloResult = { kind: 'need-more' };
  for (let at = 0; at < wire.length; at += step) {
    assert.equal(result.kind, 'need-more');
    result = reader.receive(wire.subarray(at, at + step));
  }
  return result;
}

function ruleOf(result: ClientHelloResult): string {
  return result.kind === 'malformed' ? result.fault.rule : result.kind;
}
