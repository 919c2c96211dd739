/*
 * What may open a TLS connection, and what may not, on a real listener: the parser's own tests say what it reads; these say what
 * becomes of the connection behind it, with OpenSSL as a second reader of the same bytes. The right certificate or a clean alert;
 * never a crash, never a wait beyond the deadline.
 */
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { MAX_HELLO_BYTES, MAX_HELLO_RECORDS } from '../../protocols/tls/limits.ts';
import { testCertificate } from '../support/certificates.ts';
import { beginTlsClient, openClient, openTlsClient, requestText } from '../support/client.ts';
import {
  alpn,
  buildHello,
  type Extension,
  handshake,
  keyShares,
  record,
  records,
  serverName,
  signatureAlgorithms,
  supportedGroups,
  supportedVersions,
  tls12Hello,
  tls13Hello,
} from '../support/client-hello-builder.ts';
import type { TestFront } from '../support/front.ts';
import { lengthFields } from '../support/hello-fields.ts';
import { describeAnswer, playHello } from '../support/hello-player.ts';
import { startHelloRelay } from '../support/hello-relay.ts';
import { currentHellos, realHellos } from '../support/real-hellos.ts';
import { startTlsFront } from '../support/tls-front.ts';

const SHOP = 'shop.example.org';
const CERTIFICATES = {
  fallback: testCertificate(['fallback.example']),
  shop: testCertificate([SHOP]),
  wildcard: testCertificate([`*.${SHOP}`]),
};
const TENANTS = { shop: { hosts: [SHOP, `*.${SHOP}`] } };
const SERVED = { fallback: 'CN=fallback.example', shop: `CN=${SHOP}`, wildcard: `CN=*.${SHOP}` };

test('the hello of every client of today is answered, whole', async (t) => {
  const front = await startFrontend(t);

  for (const [client, hello] of realHellos()) {
    const answer = describeAnswer(await playHello(front.port(), [hello]));
    const expected = client.endsWith('for TLS 1.1 alone')
      ? 'alert 70'
      : client.endsWith('for TLS 1.2 alone')
        ? SERVED.shop
        : 'server hello';
    assert.equal(answer, expected, client);
  }
});

test('a hello is answered wherever it is cut into two segments', async (t) => {
  const front = await startFrontend(t);

  for (const [client, hello] of currentHellos()) {
    // Every place of the shorter ones; of the others those near the ends, and every seventh.
    const isShort = hello.length < 400;
    const cuts = Array.from({ length: hello.length - 1 }, (_, i) => i + 1).filter(
      (at) => isShort || at < 60 || at > hello.length - 10 || at % 7 === 0,
    );
    await inBatches(cuts, async (at) => {
      const answer = await playHello(front.port(), [hello.subarray(0, at), hello.subarray(at)]);
      assert.equal(answer.kind, 'server-hello', `${client}, cut at ${at}`);
    });
  }
});

test('a hello is answered wherever it is cut into two records, and in many records', async (t) => {
  const front = await startFrontend(t);

  for (const [client, hello] of currentHellos()) {
    const message = hello.subarray(5);
    const cuts = Array.from({ length: message.length - 1 }, (_, i) => i + 1).filter(
      (at) => message.length < 400 || at < 60 || at > message.length - 10 || at % 11 === 0,
    );
    await inBatches(cuts, async (at) => {
      const wire = Buffer.concat([record(22, message.subarray(0, at)), record(22, message.subarray(at))]);
      const answer = await playHello(front.port(), [wire]);
      assert.equal(answer.kind, 'server-hello', `${client}, cut at ${at}`);
    });
    for (const fragmentBytes of [1, 2, 3, 5, 64, 1000]) {
      const count = Math.ceil(message.length / fragmentBytes);
      const answer = describeAnswer(await playHello(front.port(), [records(message, fragmentBytes)]));
      assert.equal(
        answer.startsWith('alert') ? answer : 'answered',
        count > MAX_HELLO_RECORDS ? 'alert 50' : 'answered',
        `${client} in ${count} records`,
      );
    }
  }
});

test('a hello is answered octet by octet, and octet by octet in records of one', async (t) => {
  const front = await startFrontend(t);
  const hello = tls12Hello(serverName(SHOP), alpn('http/1.1'));

  for (const wire of [records(hello), records(hello, 1)]) {
    const octets = Array.from(wire, (octet) => Buffer.of(octet));
    assert.equal(describeAnswer(await playHello(front.port(), octets)), SERVED.shop);
  }
});

test('the name decides about the certificate, and no name that is none', async (t) => {
  const front = await startFrontend(t);
  const label = 'a'.repeat(63);

  for (const [name, expected] of [
    [SHOP, SERVED.shop],
    ['SHOP.Example.ORG', SERVED.shop],
    [`${SHOP}.`, SERVED.shop],
    [`a.${SHOP}`, SERVED.wildcard],
    [`A.${SHOP}.`, SERVED.wildcard],
    [`_sip.${SHOP}`, SERVED.wildcard],
    [`xn--bcher-kva.${SHOP}`, SERVED.wildcard],
    [`a.b.${SHOP}`, SERVED.fallback],
    ['nobody.example', SERVED.fallback],
    // Addresses.
    ['127.0.0.1', SERVED.fallback],
    ['::1', SERVED.fallback],
    ['[::1]', SERVED.fallback],
    // What is no name.
    [`*.${SHOP}`, SERVED.fallback],
    [`${SHOP}..`, SERVED.fallback],
    [`.${SHOP}`, SERVED.fallback],
    ['.', SERVED.fallback],
    ['a..example', SERVED.fallback],
    [` ${SHOP}`, SERVED.fallback],
    [`${SHOP}:443`, SERVED.fallback],
    [`${SHOP}\r\n`, SERVED.fallback],
    [`-.${SHOP}`, SERVED.fallback],
    [`b\xfccher.${SHOP}`, SERVED.fallback],
    [`\u00c3\u00bc.${SHOP}`, SERVED.fallback],
    [`${label}a.${SHOP}`, SERVED.fallback],
    [`${label}.${label}.${label}.${label}`, SERVED.fallback],
    // Names of the language that this is written in.
    ['__proto__', SERVED.fallback],
    ['constructor', SERVED.fallback],
    // OpenSSL refuses these itself: unrecognized_name.
    [`${SHOP}\0`, 'alert 112'],
    [`${SHOP}\0.evil.example`, 'alert 112'],
    ['a'.repeat(256), 'alert 112'],
    ['a'.repeat(16_000), 'alert 112'],
    // decode_error.
    ['', 'alert 50'],
  ] as const) {
    const wire = records(tls12Hello(serverName(name)));
    assert.equal(
      describeAnswer(await playHello(front.port(), [wire])),
      expected,
      JSON.stringify(name.slice(0, 60)),
    );
  }
  assert.equal(describeAnswer(await playHello(front.port(), [records(tls12Hello())])), SERVED.fallback);
});

test('sessions know the name as it was looked up, and none that is none', async (t) => {
  const front = await startFrontend(t);

  for (const [servername, known] of [
    ['Shop.Example.org', SHOP],
    [`${SHOP}.`, SHOP],
    [`*.${SHOP}`, ''],
    ['a_b', 'a_b'],
    ['a b', ''],
  ] as const) {
    const client = await openTlsClient(t, front.port(), { servername });
    client.send(requestText('GET /', [], known === SHOP ? SHOP : 'fallback.example'));
    await client.message();
    assert.equal(front.exchanges.at(-1)!.session.tls!.serverName, known);
    client.end();
  }
  await front.settled();
});

test('hellos that are large, but right, are answered', async (t) => {
  const front = await startFrontend(t);
  const name = serverName(SHOP);
  const grease = [0x0a0a, 0x1a1a, 0x2a2a, 0xfafa];

  const unknown = (count: number, bytes: number): Extension[] =>
    Array.from({ length: count }, (_, i) => [0x5000 + i, new Uint8Array(bytes)]);
  for (const [what, hello] of [
    ['many extensions', tls12Hello(name, ...unknown(600, 20))],
    ['as many empty extensions as there is room for', tls12Hello(name, ...unknown(4050, 0))],
    ['a ticket of 15 KiB', tls12Hello(name, [35, Buffer.alloc(15_360, 0x33)])],
    ['a padding up to the bound', padded(MAX_HELLO_BYTES)],
    ['a thousand suites', buildHello({ cipherSuites: [...manySuites(1000), 0xc02b], extensions: basics() })],
    ['a long list of protocols', tls12Hello(name, alpn(...manyProtocols(900), 'http/1.1'))],
    [
      'GREASE in every list',
      buildHello({
        cipherSuites: [...grease, 0x1301, 0xc02b],
        extensions: [
          [0x0a0a, new Uint8Array(0)],
          name,
          alpn('\x0a\x0a', 'h2', '\xfa\xfa'),
          supportedVersions(0x7a7a, 0x0304, 0x0303),
          supportedGroups(0x8a8a, 0x001d, 0x9a9a),
          signatureAlgorithms(0xaaaa, 0x0403),
          keyShares(0x8a8a, 0x001d),
          [0xdada, new Uint8Array(1)],
        ],
      }),
    ],
    ['a key share of a group that is not spoken, and one that is', helloWithShares(0x0100, 0x001d)],
  ] as const) {
    const answer = await playHello(front.port(), [records(hello)]);
    assert.equal(answer.kind, 'server-hello', `${what}: ${describeAnswer(answer)}`);
  }
  const tooLarge = await playHello(front.port(), [records(padded(MAX_HELLO_BYTES + 1))]);
  assert.equal(describeAnswer(tooLarge), 'alert 47');
});

test('what is not right gets the alert that TLS has for it', async (t) => {
  const front = await startFrontend(t);
  const name = serverName(SHOP);
  const twice = (extension: Extension) => records(tls13Hello(extension, name, extension));
  const trailing = Buffer.concat([tls13Hello(name).subarray(4), Buffer.of(0)]);

  for (const [what, wire, expected] of [
    // Versions.
    ['SSLv2', Buffer.from('802e0103010015000000100100800300800600400000001122334455', 'hex'), 'alert 70'],
    // It knew no protocol_version yet.
    ['SSL 3.0', records(buildHello({ legacyVersion: 0x0300, extensions: basics() })), 'alert 40'],
    ['TLS 1.0', records(buildHello({ legacyVersion: 0x0301, extensions: basics() })), 'alert 70'],
    ['TLS 1.1', records(buildHello({ legacyVersion: 0x0302, extensions: basics() })), 'alert 70'],
    ['TLS 1.0 and 1.1', records(buildHello({ extensions: [supportedVersions(0x0302, 0x0301)] })), 'alert 70'],
    ['a TLS that is not yet', records(buildHello({ extensions: [supportedVersions(0x0305)] })), 'alert 70'],
    ['nothing but GREASE', records(buildHello({ extensions: [supportedVersions(0x0a0a)] })), 'alert 70'],
    ['a version above TLS', records(buildHello({ legacyVersion: 0x0400 })), 'alert 70'],
    ['a fallback that is none', fallbackHello(), 'alert 86'],
    // Extensions.
    ['two names', records(tls12Hello(serverName(SHOP, SHOP))), 'alert 50'],
    ['a name of another type', records(tls12Hello([0, Buffer.from('00040100017a', 'hex')])), 'alert 50'],
    ['SNI twice', records(tls12Hello(name, name)), 'alert 47'],
    ['ALPN twice', twice(alpn('h2')), 'alert 47'],
    ['an unknown extension twice', twice([0x5555, new Uint8Array(3)]), 'alert 47'],
    ['the same GREASE twice', twice([0x2a2a, new Uint8Array(0)]), 'alert 47'],
    ['ALPN without protocols', records(tls12Hello([16, Buffer.from('0000', 'hex')])), 'alert 50'],
    ['ALPN with an empty protocol', records(tls12Hello(alpn(''))), 'alert 50'],
    ['ALPN for nothing that is spoken', records(tls12Hello(alpn('smtp'))), 'alert 120'],
    ['pre_shared_key before the last', records(tls13Hello([41, new Uint8Array(8)])), 'alert 47'],
    // The message and its records.
    ['octets behind the extensions', records(handshake(1, trailing)), 'alert 50'],
    ['two messages in a record', record(22, Buffer.concat([tls13Hello(name), tls13Hello()])), 'alert 10'],
    ['an alert first', Buffer.from('15030100020100', 'hex'), 'alert 10'],
    ['an alert within', Buffer.concat([half(), Buffer.from('15030100020100', 'hex')]), 'alert 10'],
    ['ChangeCipherSpec first', Buffer.from('140303000101', 'hex'), 'alert 10'],
    ['application data first', Buffer.from('170303000100', 'hex'), 'alert 10'],
    ['a record without content', Buffer.concat([half(), record(22, new Uint8Array(0))]), 'alert 10'],
    ['a heartbeat', Buffer.from('1803010003014000', 'hex'), 'alert 10'],
    ['a request in clear text', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'http 400'],
  ] as const)
    assert.equal(describeAnswer(await playHello(front.port(), [wire])), expected, what);
});

test('no length that is not true is believed, on any level', async (t) => {
  const front = await startFrontend(t);
  const hello = records(
    tls13Hello(serverName(SHOP), alpn('h2', 'http/1.1'), [45, Buffer.from('0101', 'hex')]),
  );
  const cases = lengthFields(hello).flatMap(({ name, at, size }) => {
    const right = hello.readUIntBE(at, size);
    const values = new Set([0, 1, right - 1, right + 1, right + 255, 256 ** size - 1]);
    values.delete(right);
    return [...values]
      .filter((value) => value >= 0 && value < 256 ** size)
      .map((value) => ({ name, at, size, value }));
  });
  assert.ok(cases.length > 80, String(cases.length));

  await inBatches(cases, async ({ name, at, size, value }) => {
    const wire = Buffer.from(hello);
    wire.writeUIntBE(value, at, size);
    const answer = await playHello(front.port(), [wire], { ends: true });
    assert.ok(
      answer.kind === 'alert' || answer.kind === 'closed',
      `${name} = ${value}: ${describeAnswer(answer)}`,
    );
  });
  await assertServes(t, front);
});

test('what comes behind a right hello is for OpenSSL, and does no harm', async (t) => {
  const front = await startFrontend(t);
  const tls13 = records(tls13Hello(serverName(SHOP)));
  const early = records(tls13Hello(serverName(SHOP), [42, new Uint8Array(0)]));
  const data = (bytes: number) => record(23, Buffer.alloc(bytes, 0x66));

  for (const [what, wire] of [
    ['ChangeCipherSpec of middlebox compatibility', [tls13, Buffer.from('140303000101', 'hex')]],
    ['early data', [early, data(200)]],
    ['early data in many records', [early, ...Array.from({ length: 15 }, () => data(1000))]],
    ['more early data than anybody passes over', [early, ...Array.from({ length: 40 }, () => data(16_000))]],
    ['application data', [tls13, data(200)]],
    ['rubbish', [tls13, Buffer.alloc(70_000, 0x55)]],
    ['a second hello', [tls13, tls13]],
    ['a request in clear text', [records(tls12Hello(serverName(SHOP))), Buffer.from(requestText('GET /'))]],
  ] as const) {
    for (const pieces of [wire, [Buffer.concat(wire)]]) {
      const answer = await playHello(front.port(), pieces);
      // Who sends on to a connection that was closed is reset, and may not see what came before.
      const isHeard = Buffer.concat(wire).length < 20_000;
      assert.ok(
        answer.kind === 'server-hello' || answer.kind === 'alert' || !isHeard,
        `${what}: ${describeAnswer(answer)}`,
      );
    }
  }
  await assertServes(t, front);
});

test('a hello that does not come to its end is cut off at the deadline', async (t) => {
  const front = await startFrontend(t, '200ms');
  const [[, hello]] = [...currentHellos()] as [[string, Buffer]];
  const beginnings = [1, 2, 4, 5, 6, 9, 43, 44, 100, 1000, hello.length - 1];

  const answers = await Promise.all(
    beginnings.map((length) => playHello(front.port(), [hello.subarray(0, length)])),
  );

  assert.deepEqual(
    answers.map(describeAnswer),
    beginnings.map(() => 'closed'),
  );
  await front.settled();
  for (const { error } of front.refusals) assert.equal(error!.detail, 'handshake-timeout');
});

test('octets that trickle in do not move the deadline', async (t) => {
  const front = await startFrontend(t, '200ms');
  const [[, hello]] = [...currentHellos()] as [[string, Buffer]];
  const client = await openClient(t, front.port());
  let sent = 0;

  // At a tick per octet it would take two seconds, ten times the deadline.
  for (const octet of hello) {
    if (client.hasEnded) break;
    client.send(Buffer.of(octet));
    sent += 1;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }

  assert.notEqual(await client.untilEnded(), 'destroyed');
  assert.ok(sent < hello.length, `${sent} of ${hello.length}`);
});

test('a client of any manner is served behind any cut', async (t) => {
  const front = await startFrontend(t);
  const manners = [
    { maxVersion: 'TLSv1.2' },
    { minVersion: 'TLSv1.3' },
    { ecdhCurve: 'X25519MLKEM768:P-256' },
    // The server wants another group than the one that the share is for: HelloRetryRequest.
    { minVersion: 'TLSv1.3', ecdhCurve: 'P-521:P-384' },
  ] as const;

  for (const options of manners) {
    for (const rewrite of [
      (hello: Buffer) => Array.from(hello, (octet) => Buffer.of(octet)),
      (hello: Buffer) => [hello.subarray(0, 5), hello.subarray(5, 9), hello.subarray(9)],
      (hello: Buffer) => [records(hello.subarray(5), 8)],
      (hello: Buffer) => Array.from({ length: 7 }, (_, i) => part(records(hello.subarray(5), 100), i, 7)),
    ]) {
      const relay = await startHelloRelay(t, front.port(), rewrite);
      const client = await openTlsClient(t, relay, { servername: SHOP, ...options });
      client.send(requestText('GET /', [], SHOP));
      assert.equal((await client.message()).body, 'shop');
      client.end();
    }
  }
});

test('whatever is changed in a real hello, the next honest client is served', async (t) => {
  const front = await startFrontend(t);
  const hellos = [...currentHellos().values()];
  const edit = fc.oneof(
    fc.record({ kind: fc.constant('change'), at: fc.nat(), octet: fc.nat(255) }),
    fc.record({ kind: fc.constant('drop'), at: fc.nat(), octet: fc.nat(20) }),
    fc.record({ kind: fc.constant('repeat'), at: fc.nat(), octet: fc.nat(200) }),
    fc.record({ kind: fc.constant('swap'), at: fc.nat(), octet: fc.nat(255) }),
  );
  const seen = new Map<string, number>();

  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...hellos),
      fc.array(edit, { minLength: 1, maxLength: 4 }),
      fc.array(fc.nat(), { maxLength: 3 }),
      async (hello, edits, cuts) => {
        const wire = edits.reduce(changed, hello);
        const answer = await playHello(front.port(), cutAt(wire, cuts), { ends: true });
        seen.set(answer.kind, (seen.get(answer.kind) ?? 0) + 1);
        await assertServes(t, front);
      },
    ),
    { numRuns: 300 },
  );

  await front.settled();
  assert.ok((seen.get('alert') ?? 0) > 30, JSON.stringify([...seen]));
});

async function startFrontend(test: TestContext, clientHeader = '10s'): Promise<TestFront> {
  return startTlsFront(test, {
    certificates: CERTIFICATES,
    tenants: TENANTS,
    top: `timeouts: { clientHeader: ${clientHeader} }`,
  });
}

async function assertServes(test: TestContext, front: TestFront): Promise<void> {
  const { peer } = beginTlsClient(test, front.port(), { servername: SHOP });
  peer.send(requestText('GET /', [], SHOP));
  assert.equal((await peer.message()).body, 'shop');
  peer.socket.destroy();
}

/** Twenty at a time, so that neither descriptors nor patience run out. */
async function inBatches<T>(items: readonly T[], each: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < items.length; at += 20) await Promise.all(items.slice(at, at + 20).map(each));
}

function basics(): Extension[] {
  return [serverName(SHOP), supportedGroups(0x001d, 0x0017), signatureAlgorithms(0x0403)];
}

/** A hello of exactly so many octets without its header, by a padding extension (RFC 7685). */
function padded(bodyBytes: number): Buffer {
  const bare = tls12Hello(serverName(SHOP), [21, new Uint8Array(0)]).length - 4;
  return tls12Hello(serverName(SHOP), [21, new Uint8Array(bodyBytes - bare)]);
}

function manySuites(count: number): number[] {
  return Array.from({ length: count }, (_, i) => 0x6000 + i);
}

function manyProtocols(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `protocol-${i}`);
}

function helloWithShares(...groups: number[]): Buffer {
  return buildHello({
    cipherSuites: [0x1301],
    extensions: [
      serverName(SHOP),
      supportedVersions(0x0304),
      supportedGroups(...groups),
      signatureAlgorithms(0x0403),
      keyShares(...groups),
    ],
  });
}

/** TLS 1.2 at most, and TLS_FALLBACK_SCSV (RFC 7507), to a server that speaks more. */
function fallbackHello(): Buffer {
  return records(buildHello({ cipherSuites: [0xc02b, 0x5600], extensions: basics() }));
}

/** The first half of a hello, in a record of its own. */
function half(): Buffer {
  const message = tls12Hello(serverName(SHOP));
  return record(22, message.subarray(0, message.length >> 1));
}

function part(bytes: Buffer, index: number, count: number): Buffer {
  const size = Math.ceil(bytes.length / count);
  return bytes.subarray(index * size, (index + 1) * size);
}

interface Edit {
  readonly kind: string;
  readonly at: number;
  readonly octet: number;
}

function changed(bytes: Buffer, { kind, at, octet }: Edit): Buffer {
  // Half of all edits are among the first hundred octets, on which everything else hangs.
  const place = at % (at % 2 === 0 ? Math.min(100, bytes.length) : bytes.length);
  const [before, after] = [bytes.subarray(0, place), bytes.subarray(place)];
  switch (kind) {
    case 'drop':
      return Buffer.concat([before, after.subarray(1 + octet)]);
    case 'repeat':
      return Buffer.concat([before, after.subarray(0, 1 + octet), after]);
    case 'swap':
      return Buffer.concat([before, after.subarray(1 + octet), after.subarray(0, 1 + octet)]);
    default:
      return Buffer.concat([before, Buffer.of(octet), after.subarray(1)]);
  }
}

function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const cuts = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return cuts.slice(1).map((end, i) => bytes.subarray(cuts[i], end));
}
