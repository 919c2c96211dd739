import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { type TestContext, test } from 'node:test';
import { Server, ServerCredentials, type ServiceDefinition, status } from '@grpc/grpc-js';
import { testAuthority, testCertificate } from '../support/certificates.ts';
import { plainConfig, startFront, type TestFront } from '../support/front.ts';
import { plainBlock } from '../support/http2-hpack.ts';
import { answeringHttp2, type Http2Backend, startHttp2Origin } from '../support/http2-origin.ts';
import { data, headers } from '../support/http2-wire.ts';
import { answering, ok, startOrigin } from '../support/origin.ts';
import { startTlsOrigin } from '../support/tls-origin.ts';

const SOON = 'interval: 20ms, fail: 2';

/** A front whose cluster of one instance is probed so. */
function probing(t: TestContext, address: string, health: string, cluster = ''): Promise<TestFront> {
  return startFront(t, plainConfig([address], '', `health: { ${health}, ${SOON} }\n${cluster}`), {
    files: { 'ca.pem': testAuthority().cert },
  });
}

/** Waits until probes have found it to be ill, or have found nothing so often that they would have. */
async function found(front: TestFront, isWell: boolean, probed: () => Promise<unknown>): Promise<void> {
  await (isWell ? probed() : front.until(() => front.count('instanceEjected') === 1, 'an ejection'));
  assert.equal(front.instances()[0]?.state, isWell ? 'healthy' : 'ejected');
}

for (const [answer, list, isWell] of [
  [204, '[204]', true],
  [200, '[204, 3xx]', false],
  [302, '[204, 3xx]', true],
  [404, '[2xx, 404]', true],
  [301, '[2xx]', false],
] as const) {
  test(`an answer of ${answer} to a probe that wants ${list} is ${isWell ? '' : 'not '}well`, async (t) => {
    const origin = await startOrigin(t, answering(`HTTP/1.1 ${answer} X\r\ncontent-length: 0\r\n\r\n`));
    const front = await probing(t, origin.address, `path: /, status: ${list}`);

    await found(front, isWell, () => origin.connection(4));
  });
}

test('a probe names the host that it was told', async (t) => {
  const origin = await startOrigin(t, answering(ok('')));
  await probing(t, origin.address, 'path: /, host: health.internal');

  const probe = await origin.next();
  await probe.untilText('\r\n\r\n');

  assert.match(probe.text, /^GET \/ HTTP\/1\.1\r\nhost: health\.internal\r\n/);
});

test('a probe has as long as it was given, whatever requests have', async (t) => {
  const origin = await startOrigin(t);
  const front = await probing(t, origin.address, 'path: /, timeout: 50ms');

  await found(front, false, () => origin.connection(4));
});

test('tcp asks healthy instances too, says nothing, and takes one out that is gone', async (t) => {
  const origin = await startOrigin(t);
  const front = await probing(t, origin.address, 'probe: tcp');

  await found(front, true, () => origin.connection(4));
  assert.equal(origin.text, '');
  await origin.stop();
  await found(front, false, () => origin.connection(0));

  await startOrigin(t, undefined, origin.port);
  await front.until(() => front.count('instanceRestored') === 1, 'its return');
});

test('tcp asks no TLS of an instance that speaks it', async (t) => {
  const origin = await startOrigin(t);
  const front = await probing(t, origin.address, 'probe: tcp', 'protocol: https\ntls: { verify: false }');

  await found(front, true, () => origin.connection(4));
  assert.equal(origin.text, '');
});

test('tls makes the handshake of the cluster, and verifies the instance', async (t) => {
  const origin = await startTlsOrigin(t);
  const tls = (name: string): string => `protocol: https\ntls: { ca: ca.pem, serverName: ${name} }`;

  await found(await probing(t, origin.address, 'probe: tls', tls('localhost')), true, () =>
    origin.connection(4),
  );
  await found(await probing(t, origin.address, 'probe: tls', tls('other.example')), false, () =>
    origin.connection(0),
  );
});

test('tls asks instances whose TLS is that of clients for a handshake only, by the name given', async (t) => {
  const names: string[] = [];
  const origin = await startTlsOrigin(t, {
    ...testCertificate(['whoever.example']),
    SNICallback: (name, done) => {
      names.push(name);
      done(null);
    },
  });

  await found(await probing(t, origin.address, 'probe: tls, host: legacy.example'), true, () =>
    origin.connection(4),
  );
  assert.equal(names[0], 'legacy.example');
});

test('tls takes an instance out that speaks something else', async (t) => {
  const origin = await startOrigin(t, (peer) => peer.send('220 mail.example ESMTP\r\n'));

  await found(await probing(t, origin.address, 'probe: tls'), false, () => origin.connection(0));
});

test('http asks over HTTP/2 where the cluster speaks it', async (t) => {
  const origin = await startHttp2Origin(t, { script: answeringHttp2('well') });
  const front = await probing(t, origin.address, 'path: /healthz', 'protocol: h2c');

  await found(front, true, () => origin.connection(4));
  assert.deepEqual(new Set(origin.requests.map(({ path }) => path)), new Set(['/healthz']));
});

test('grpc follows what a gRPC server says of itself and of a service', async (t) => {
  const states = new Map([['', 1]]);
  const { address, asked } = await startHealthServer(t, states);
  const front = await startFront(
    t,
    `${plainConfig([address], '', `protocol: h2c\nhealth: { probe: grpc, ${SOON} }`)}
  shop: { protocol: h2c, instances: [{ address: "${address}" }], health: { probe: grpc, service: shop.Cart, ${SOON} } }
`,
  );
  const shop = () => front.instances('shop')[0]?.state;
  const web = () => front.instances()[0]?.state;

  await front.until(() => shop() === 'ejected', 'NOT_FOUND for a service that is not there');
  assert.equal(web(), 'healthy');
  states.set('shop.Cart', 1);
  await front.until(() => shop() === 'healthy', 'SERVING');
  states.set('shop.Cart', 2);
  await front.until(() => shop() === 'ejected', 'NOT_SERVING');
  assert.equal(web(), 'healthy');
  states.set('', 2);
  await front.until(() => web() === 'ejected', 'NOT_SERVING of the server');
  assert.deepEqual(new Set(asked), new Set(['', 'shop.Cart']));
});

test('grpc takes a server out that does not know the service grpc.health.v1', async (t) => {
  const server = new Server();
  const port = await bound(server, t);
  const front = await probing(t, `127.0.0.1:${port}`, 'probe: grpc', 'protocol: h2c');

  await found(front, false, () => Promise.resolve());
});

const GRPC: (readonly [string, string])[] = [['content-type', 'application/grpc']];
const SERVING = Buffer.from([0, 0, 0, 0, 2, 8, 1]);

for (const [kind, isWell, play] of [
  [
    'in pieces',
    true,
    (backend, id) => {
      for (const octet of SERVING) backend.send(data(id, Buffer.from([octet])));
      trailers(backend, id, '0');
    },
  ],
  [
    'with another end than OK',
    false,
    (backend, id) => {
      backend.send(data(id, SERVING));
      trailers(backend, id, '13');
    },
  ],
  ['without an end of gRPC', false, (backend, id) => backend.send(data(id, SERVING, { endStream: true }))],
  [
    'with too much',
    false,
    (backend, id) => {
      backend.send(data(id, Buffer.alloc(2000)), data(id, SERVING));
      trailers(backend, id, '0');
    },
  ],
  ['and never ends', false, () => {}],
] as [string, boolean, (backend: Http2Backend, id: number) => void][]) {
  test(`a gRPC answer that comes ${kind} is ${isWell ? '' : 'not '}well`, async (t) => {
    const origin = await startHttp2Origin(t, {
      script: (backend) => {
        backend.onWhole = (request) => {
          backend.send(headers(request.streamId, plainBlock([[':status', '200'], ...GRPC])));
          play(backend, request.streamId);
        };
      },
    });
    const front = await probing(t, origin.address, 'probe: grpc, timeout: 100ms', 'protocol: h2c');

    await found(front, isWell, () => origin.connection(4));
    const [request] = origin.requests;
    assert.equal(request?.path, '/grpc.health.v1.Health/Check');
    assert.deepEqual(request?.values('te'), ['trailers']);
    assert.equal(request?.body, '\0\0\0\0\0');
  });
}

function trailers(backend: Http2Backend, id: number, code: string): void {
  backend.send(headers(id, plainBlock([['grpc-status', code]]), { endStream: true }));
}

/** grpc-js with the service of health checks by hand; `states` by service. */
async function startHealthServer(
  t: TestContext,
  states: ReadonlyMap<string, number>,
): Promise<{ readonly address: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const definition: ServiceDefinition = {
    check: {
      path: '/grpc.health.v1.Health/Check',
      requestStream: false,
      responseStream: false,
      requestSerialize: (value: Buffer) => value,
      // The name is shorter than 128 octets: field, length, name.
      requestDeserialize: (bytes: Buffer) => ({ service: bytes.subarray(2).toString() }),
      responseSerialize: (state: number) => Buffer.from([8, state]),
      responseDeserialize: (bytes: Buffer) => bytes,
    },
  };
  const server = new Server();
  server.addService(definition, {
    check(
      { request }: { readonly request: { readonly service: string } },
      callback: (error: object | null, state?: number) => void,
    ) {
      asked.push(request.service);
      const state = states.get(request.service);
      if (state === undefined) callback({ code: status.NOT_FOUND });
      else callback(null, state);
    },
  });
  return { address: `127.0.0.1:${await bound(server, t)}`, asked };
}

async function bound(server: Server, t: TestContext): Promise<number> {
  t.after(() => server.forceShutdown());
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
    error === null ? resolve(port) : reject(error),
  );
  return promise;
}
