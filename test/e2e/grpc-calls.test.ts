import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import {
  type ChannelCredentials,
  credentials,
  Metadata,
  ServerCredentials,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { testAuthority, testCertificate } from '../support/certificates.ts';
import { plainConfig, startFront, type TestFront } from '../support/front.ts';
import { type EchoClient, type EchoServer, openEchoClient, startEchoServer } from '../support/grpc-echo.ts';
import { H2C } from '../support/http2-origin.ts';

// gRPC as programs use it: @grpc/grpc-js on both ends.

for (const way of ['h2c', 'TLS'] as const) {
  test(`${way}: unary calls with their metadata and trailers`, async (t) => {
    const { client } = await begin(t, way);
    const metadata = new Metadata();
    metadata.add('x-own', 'a');
    metadata.add('x-own', 'b');

    const { value, headers, trailers } = await unary(client, 'hello', metadata);

    assert.equal(value, 'hello');
    assert.deepEqual(headers!.get('x-own'), ['a, b']);
    assert.deepEqual(trailers!.get('x-own'), ['a, b']);
  });

  test(`${way}: calls that stream from the client, from the server, and both ways`, async (t) => {
    const { client } = await begin(t, way);

    const collected = new Promise<string | undefined>((resolve, reject) => {
      const call = client.collect((error, value) => (error === null ? resolve(value) : reject(error)));
      for (const piece of ['a', 'b', 'c']) call.write(piece);
      call.end();
    });
    assert.equal(await collected, 'a+b+c');

    const split: string[] = [];
    for await (const piece of client.split('hello')) split.push(piece as string);
    assert.deepEqual(split, ['h', 'e', 'l', 'l', 'o']);

    const talk = client.talk();
    for (let i = 0; i < 20; i++) {
      talk.write(`${i}`);
      assert.equal((await once(talk, 'data'))[0], `<${i}>`);
    }
    const told = once(talk, 'status');
    talk.resume();
    talk.end();
    assert.equal((await told)[0].code, status.OK);
  });

  test(`${way}: statuses of the server, before its first message and behind it`, async (t) => {
    const { client } = await begin(t, way);

    for (const code of [1, 2, 3, 5, 7, 8, 9, 11, 12, 13, 14, 15, 16]) {
      const error = await failure(client, `fail ${code} because`);
      assert.equal(error.code, code);
      assert.equal(error.details, 'because');
      assert.deepEqual(error.metadata.get('x-why'), ['it was told to']);
    }
    const call = client.split('ab!');
    const pieces: string[] = [];
    call.on('data', (piece: string) => pieces.push(piece));
    const [error] = (await once(call, 'error')) as [ServiceError];
    assert.deepEqual(pieces, ['a', 'b']);
    assert.equal(error.code, status.ABORTED);
    assert.equal(error.details, 'aborted');
  });

  test(`${way}: messages of some megabytes, both ways`, async (t) => {
    const { client } = await begin(t, way);
    const big = 'x'.repeat(3 * 1024 * 1024);

    assert.equal((await unary(client, big)).value, big);
  });

  test(`${way}: a hundred calls at once on one channel`, async (t) => {
    const { client, front } = await begin(t, way);

    const values = await Promise.all(Array.from({ length: 100 }, (_, i) => unary(client, `${i}`)));

    assert.deepEqual(
      values.map(({ value }) => value),
      values.map((_, i) => `${i}`),
    );
    assert.equal(front.count('sessionOpened'), 1);
    await front.until(() => front.exchanges.length === 100);
    for (const { error, status: code } of front.exchanges) assert.deepEqual([error, code], [undefined, 200]);
  });

  test(`${way}: a call that its client gives up is given up at the server, and no other`, async (t) => {
    const { client, server } = await begin(t, way);
    const neighbour = client.talk();
    neighbour.write('a');
    await once(neighbour, 'data');
    const given = client.split('abc…');
    await once(given, 'data');
    const told = new Promise<void>((resolve) => {
      server.onCancelled = resolve;
    });

    given.on('error', () => {});
    given.cancel();
    await told;

    assert.deepEqual(server.cancelled, ['/test.Echo/Split']);
    neighbour.write('b');
    assert.equal((await once(neighbour, 'data'))[0], '<b>');
    neighbour.end();
    neighbour.resume();
    await once(neighbour, 'status');
  });
}

test('a call whose deadline passes fails with DEADLINE_EXCEEDED, and its server is told', async (t) => {
  const { client, server } = await begin(t, 'h2c');
  const told = new Promise<void>((resolve) => {
    server.onCancelled = resolve;
  });

  const error = await failure(client, 'wait', { deadline: Date.now() + 300 });
  await told;

  assert.equal(error.code, status.DEADLINE_EXCEEDED);
  assert.deepEqual(server.cancelled, ['/test.Echo/Unary']);
});

test('a call without a deadline that nobody answers fails with DEADLINE_EXCEEDED', async (t) => {
  const server = await startEchoServer(t);
  const front = await startFront(
    t,
    plainConfig([server.address], '', `${H2C}\ntimeouts: { responseHeader: 200ms }`),
  );
  const error = await failure(openEchoClient(t, front.port()), 'wait');

  assert.equal(error.code, status.DEADLINE_EXCEEDED);
  assert.match(error.details, /^response-timeout: /);
});

test('calls that no instance can take fail with UNAVAILABLE, and those that no route has with UNIMPLEMENTED', async (t) => {
  const server = await startEchoServer(t);
  server.server.forceShutdown();
  const front = await startFront(
    t,
    plainConfig([server.address], '', `${H2C}\nhealth: { fail: 1, interval: 1h }`),
  );
  const client = openEchoClient(t, front.port());
  for (const details of [/^connect-failed: /, /^no-healthy-instance: /]) {
    const error = await failure(client, 'hello');
    assert.equal(error.code, status.UNAVAILABLE);
    assert.match(error.details, details);
  }

  const routed = plainConfig([server.address], '', H2C).replace(
    '{ cluster: web }',
    '{ path: "/other/*", cluster: web }',
  );
  const elsewhere = await startFront(t, routed);
  const error = await failure(openEchoClient(t, elsewhere.port()), 'hello');
  assert.equal(error.code, status.UNIMPLEMENTED);
  assert.match(error.details, /^no-route: /);
});

test('a call whose server dies in the middle fails, and the next one goes to another instance', async (t) => {
  const first = await startEchoServer(t);
  const second = await startEchoServer(t);
  const front = await startFront(t, plainConfig([first.address, second.address], '', H2C));
  const client = openEchoClient(t, front.port());
  const calls = [client.talk(), client.talk()];
  for (const call of calls) {
    call.write('x');
    await once(call, 'data');
  }

  const failed = once(calls[0]!, 'error') as Promise<[ServiceError]>;
  first.server.forceShutdown();
  const [error] = await failed;

  assert.ok([status.INTERNAL, status.UNAVAILABLE].includes(error.code), `${error.code}`);
  for (let i = 0; i < 4; i++) assert.equal((await unary(client, 'still')).value, 'still');
  calls[1]!.write('y');
  assert.equal((await once(calls[1]!, 'data'))[0], '<y>');
  calls[1]!.cancel();
  calls[1]!.on('error', () => {});
});

for (const way of ['h2c', 'TLS'] as const) {
  test(`${way}: calls that outlast the drain of a stop fail with UNAVAILABLE, answered or not`, async (t) => {
    const { client, front } = await begin(t, way);
    const begun = client.talk();
    begun.write('a');
    await once(begun, 'data');
    const waiting = failure(client, 'wait');
    await front.until(() => front.count('exchangeStarted') === 2);

    const failed = once(begun, 'error') as Promise<[ServiceError]>;
    await front.server.stop();

    assert.equal((await failed)[0].code, status.UNAVAILABLE);
    assert.equal((await waiting).code, status.UNAVAILABLE);
    assert.deepEqual(
      front.exchanges.map(({ error }) => error?.name),
      ['draining', 'draining'],
    );
  });
}

async function begin(
  t: TestContext,
  way: 'h2c' | 'TLS',
): Promise<{ readonly front: TestFront; readonly client: EchoClient; readonly server: EchoServer }> {
  if (way === 'h2c') {
    const server = await startEchoServer(t);
    const front = await startFront(t, plainConfig([server.address], '', H2C));
    return { front, server, client: openEchoClient(t, front.port()) };
  }
  const { cert, key } = testCertificate(['127.0.0.1']);
  const pair = { cert_chain: Buffer.from(cert), private_key: Buffer.from(key) };
  const server = await startEchoServer(t, ServerCredentials.createSsl(null, [pair]));
  const front = await startFront(t, tlsConfig(server.address), { files: FILES });
  const ssl: ChannelCredentials = credentials.createSsl(Buffer.from(testAuthority().cert));
  return { front, server, client: openEchoClient(t, front.port(), ssl) };
}

const SHOP = testCertificate(['shop.example']);
const FILES = { 'shop.pem': SHOP.cert, 'shop.key': SHOP.key, 'ca.pem': testAuthority().cert };

/** TLS on both sides. */
function tlsConfig(address: string): string {
  const plain = plainConfig(
    [address],
    'certificates: [{ cert: shop.pem, key: shop.key }]',
    'protocol: h2\ntls: { ca: ca.pem }',
  );
  return plain.replace('"127.0.0.1:0" }', '"127.0.0.1:0", tls: true }');
}

interface Outcome {
  readonly error: ServiceError | null;
  readonly value: string | undefined;
  readonly headers: Metadata | undefined;
  readonly trailers: Metadata | undefined;
}

function call(client: EchoClient, text: string, metadata: Metadata, options: object): Promise<Outcome> {
  return new Promise((resolve) => {
    let headers: Metadata | undefined;
    let trailers: Metadata | undefined;
    const told = client.unary(text, metadata, options, (error, value) => {
      setImmediate(() => resolve({ error, value, headers, trailers }));
    });
    told.on('metadata', (received) => {
      headers = received;
    });
    told.on('status', (received) => {
      trailers = received.metadata;
    });
  });
}

async function unary(
  client: EchoClient,
  text: string,
  metadata: Metadata = new Metadata(),
): Promise<Outcome> {
  const outcome = await call(client, text, metadata, {});
  assert.equal(outcome.error, null);
  return outcome;
}

async function failure(client: EchoClient, text: string, options: object = {}): Promise<ServiceError> {
  const { error } = await call(client, text, new Metadata(), options);
  assert.notEqual(error, null);
  return error!;
}
