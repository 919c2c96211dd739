import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront, type TestFront } from '../support/front.ts';
import type { PlainMessage } from '../support/http1-message.ts';
import { openHttp2Client } from '../support/http2-client.ts';
import type { Field } from '../support/http2-hpack-decoder.ts';
import { H2C, startHttp2Origin } from '../support/http2-origin.ts';
import { answering, eachRequest, type Origin, ok, startOrigin } from '../support/origin.ts';
import { openWebSocket, startWebSocketEcho } from '../support/websockets.ts';

/** No probe comes within a test that does not wait for one. */
const NEVER = 'interval: 1h';

test('an instance goes out when too many of its requests fail, though not in a row', async (t) => {
  const well = await startOrigin(t, answering(ok('well')));
  const flaky = await failingEverySecond(t);
  const front = await startFront(
    t,
    plainConfig(
      [well.address, flaky.address],
      '',
      `health: { ${NEVER}, fail: 3, failRate: 50%, requests: 6 }`,
    ),
  );

  const statuses: number[] = [];
  for (let i = 0; i < 16; i++) statuses.push((await get(t, front)).status);

  // In turn: of the flaky one each second request fails, and the third failure is of its sixth request.
  assert.deepEqual(statuses.slice(0, 12), [200, 200, 200, 502, 200, 200, 200, 502, 200, 200, 200, 502]);
  assert.deepEqual(statuses.slice(12), [200, 200, 200, 200]);
  assert.deepEqual(states(front), ['healthy', 'ejected']);
});

test('the same instance stays where failures in a row alone count', async (t) => {
  const flaky = await failingEverySecond(t);
  const front = await startFront(t, plainConfig([flaky.address], '', `health: { ${NEVER}, fail: 3 }`));

  for (let i = 0; i < 16; i++) await get(t, front);

  assert.deepEqual(states(front), ['healthy']);
});

test('an answer counts as a failure where the configuration says so', async (t) => {
  const well = await startOrigin(t, answering(ok('well')));
  const ill = await startOrigin(t, answering('HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n'));
  const unkind = await startOrigin(t, answering('HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n'));
  const front = await startFront(
    t,
    plainConfig(
      [well.address, ill.address, unkind.address],
      '',
      `health: { ${NEVER}, fail: 2, failOn: [503] }`,
    ),
  );

  for (let i = 0; i < 9; i++) await get(t, front);

  assert.deepEqual(states(front), ['healthy', 'ejected', 'healthy']);
  assert.equal(front.count('instanceEjected'), 1);
});

const SILENCE = `timeouts: { idle: 200ms }
health: { ${NEVER}, fail: 1 }
breaker: { requests: 1, failures: 1%, open: 1h }`;

for (const version of ['HTTP/1.1', 'HTTP/2'] as const) {
  test(`WebSockets over ${version} in which nobody speaks put no instance out, nor its cluster`, async (t) => {
    const origin = await startWebSocketEcho(t, version);
    const front = await startFront(
      t,
      plainConfig([origin], '', version === 'HTTP/2' ? `${H2C}\n${SILENCE}` : SILENCE),
    );

    for (let i = 0; i < 2; i++) await once(await openWebSocket(t, front.port(), version), 'close');
    await front.until(() => front.exchanges.length === 2, 'the end of both');

    for (const { error } of front.exchanges) assert.equal(error?.name, 'idle-timeout');
    assert.deepEqual(states(front), ['healthy']);
    await openWebSocket(t, front.port(), version);
  });
}

const SILENT_HEADS: Readonly<Record<string, string>> = {
  'an event stream': 'content-type: Text/Event-Stream; charset=utf-8\r\n\r\nbegun',
  'a stream of gRPC-Web':
    'content-type: application/grpc-web+proto\r\ntransfer-encoding: chunked\r\n\r\n5\r\nbegun\r\n',
};

for (const [kind, rest] of Object.entries(SILENT_HEADS)) {
  test(`${kind} that falls silent puts no instance out, nor its cluster`, async (t) => {
    const front = await startFront(t, plainConfig([await silentBehind(t, rest)], '', SILENCE));

    for (let i = 0; i < 2; i++) await getToEnd(t, front);

    assert.deepEqual(
      front.exchanges.map(({ status, error }) => [status, error?.name]),
      Array(2).fill([200, 'idle-timeout']),
    );
    assert.deepEqual(states(front), ['healthy']);
  });
}

for (const framing of ['content-length: 10\r\n\r\n', 'transfer-encoding: chunked\r\n\r\n5\r\n']) {
  test(`an answer of ${framing.split(/[\r:]/, 1)} that falls silent before its end counts as a failure`, async (t) => {
    const origin = await silentBehind(t, `${framing}begun\r\n`);
    const front = await startFront(t, plainConfig([origin], '', SILENCE));

    await getToEnd(t, front);

    assert.deepEqual(states(front), ['ejected']);
    assert.equal(front.exchanges[0]!.error?.name, 'response-timeout');
  });
}

test('calls that fall silent put no instance out, and other answers only when all of the request is there', async (t) => {
  const origin = await startHttp2Origin(t, {
    script: (backend) => {
      backend.onRequest = (request) => {
        const fields: Field[] = request.path === '/call' ? [['content-type', 'application/grpc']] : [];
        backend.respond(request, 200, 'begun', { fields, end: false });
      };
    },
  });
  const front = await startFront(t, plainConfig([origin.address], '', `${H2C}\n${SILENCE}`));
  const client = await openHttp2Client(t, front.port());
  const call = (path: string, endStream: boolean) =>
    client.over(
      client.request(path, { method: 'POST', fields: [['content-type', 'application/grpc']], endStream }),
    );

  for (const endStream of [false, true]) assert.equal((await call('/call', endStream)).body, 'begun');
  assert.equal((await call('/page', false)).body, 'begun');
  assert.deepEqual(states(front), ['healthy']);
  assert.equal((await call('/page', true)).body, 'begun');

  assert.deepEqual(states(front), ['ejected']);
  assert.deepEqual(
    front.exchanges.map(({ error }) => error?.name),
    [...Array(3).fill('idle-timeout'), 'response-timeout'],
  );
});

test('when requests fail everywhere, the cap leaves some instances in service', async (t) => {
  const origins = [await resetting(t), await resetting(t), await resetting(t), await resetting(t)];
  const front = await startFront(
    t,
    plainConfig(
      origins.map(({ address }) => address),
      '',
      `health: { ${NEVER}, fail: 1, maxEjected: 50% }`,
    ),
  );

  const statuses: number[] = [];
  for (let i = 0; i < 12; i++) statuses.push((await get(t, front)).status);

  assert.deepEqual(new Set(statuses), new Set([502]), 'they are asked, and none is answered by Portico');
  assert.equal(states(front).filter((state) => state === 'ejected').length, 2);
});

test('when probes find more ill than panic says, all are used, and it is logged once', async (t) => {
  let isWell = false;
  // The health page is wrong: requests are answered.
  const script = eachRequest(({ startLine }, connection) => {
    const status = startLine.includes('/healthz') && !isWell ? 500 : 200;
    connection.end(`HTTP/1.1 ${status} X\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  });
  const origins = [await startOrigin(t, script), await startOrigin(t, script)];
  const front = await startFront(
    t,
    plainConfig(
      origins.map(({ address }) => address),
      '',
      'health: { path: /healthz, interval: 20ms, fail: 1, panic: 50% }',
    ),
  );
  const isPanic = (): boolean => front.server.status().clusters[0]!.panic;
  assert.deepEqual(front.server.troubles(), []);

  await front.until(() => front.count('instanceEjected') === 2, 'both to go out');
  assert.equal(isPanic(), true);
  assert.deepEqual(states(front), ['ejected', 'ejected']);
  const ejected = origins.map(({ address }) => address);
  assert.deepEqual(front.server.troubles(), [{ name: 'web', panic: true, waiting: 0, ejected }]);
  const statuses: number[] = [];
  for (let i = 0; i < 6; i++) statuses.push((await get(t, front)).status);
  isWell = true;
  await front.until(() => front.count('instanceRestored') === 2, 'both to come back');

  assert.deepEqual(statuses, [200, 200, 200, 200, 200, 200]);
  assert.equal(isPanic(), false);
  assert.deepEqual(front.server.troubles(), []);
  assert.deepEqual(front.warnings, [
    { fields: { cluster: 'web' }, message: 'too many instances are ejected: all are used' },
  ]);
});

function states(front: TestFront): readonly string[] {
  return front.instances().map(({ state }) => state);
}

/** An origin that resets every connection as soon as a request has come. */
function resetting(t: TestContext): Promise<Origin> {
  return startOrigin(
    t,
    eachRequest((_request, connection) => connection.reset()),
  );
}

/** One that does so with every second request. */
function failingEverySecond(t: TestContext): Promise<Origin> {
  let count = 0;
  return startOrigin(
    t,
    eachRequest((_request, connection) => {
      count += 1;
      if (count % 2 === 0) connection.reset();
      else connection.end('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    }),
  );
}

/** A request on a connection of its own. */
async function get(t: TestContext, front: TestFront): Promise<PlainMessage> {
  const client = await openClient(t, front.port());
  client.send(requestText('GET /', ['Connection: close']));
  return client.message();
}

/** An instance that answers 200 with these fields and what is behind them, and then says nothing. */
async function silentBehind(t: TestContext, rest: string): Promise<string> {
  const script = eachRequest((_, connection) => void connection.send(`HTTP/1.1 200 OK\r\n${rest}`));
  return (await startOrigin(t, script)).address;
}

async function getToEnd(t: TestContext, front: TestFront): Promise<void> {
  const client = await openClient(t, front.port());
  await client.send(requestText('GET /')).untilEnded();
}
