import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Module } from '../../src/core/callback-points.ts';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront, type TestFront } from '../support/front.ts';
import type { PlainMessage } from '../support/http1-message.ts';
import { answering, ok, startOrigin } from '../support/origin.ts';

const GRPC = 'Content-Type: application/grpc+proto';

test('a gRPC call that is refused gets a response of trailers only', async (t) => {
  const origin = await startOrigin(t, () => assert.fail('nothing may get there'));
  const top = 'limits: { maxBody: 4 }';
  const front = await startFront(t, plainConfig([origin.address], top).replace(/^defaultTenant.*$/m, ''));
  const client = await openClient(t, front.port());

  client.send(requestText('POST /shop.Cart/Add', [GRPC, 'Content-Length: 0'], 'nobody.example'));
  assertGrpc(front, await client.message(), 12, 'no-tenant: no tenant has this host');
  client.send(requestText('POST /shop.Cart/Add', [GRPC, 'Content-Length: 5']));
  assertGrpc(front, await client.message(), 8, 'body-too-large: the request body is larger than 4 bytes');
});

test('a gRPC call that no backend takes is told that it may try again', async (t) => {
  const origin = await startOrigin(t, answering('nonsense\r\n\r\n'));
  const front = await startFront(t, plainConfig([origin.address], '', 'health: { fail: 1, interval: 1h }'));
  const client = await openClient(t, front.port());

  client.send(requestText('POST /a', [GRPC, 'Content-Length: 0']));
  assertGrpc(front, await client.message(), 14, /^malformed-response: /);
  client.send(requestText('POST /a', [GRPC, 'Content-Length: 0']));
  const answer = await client.message();
  assertGrpc(front, answer, 14, /^no-healthy-instance: /);
  assert.match(answer.headers.get('retry-after')!, /^\d+$/);
});

test('a gRPC call whose client fails at HTTP/1 is answered in its terms, and closed', async (t) => {
  const origin = await startOrigin(t, () => {});
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(`${requestText('POST /a', [GRPC, 'Transfer-Encoding: chunked'])}zz\r\n`);

  const answer = await client.message();
  assertGrpc(front, answer, 13, /^malformed-request: /);
  assert.equal(answer.headers.get('connection'), 'close');
});

test('a gRPC call whose head is refused is answered in its terms, and closed', async (t) => {
  const front = await startFront(t, plainConfig(['127.0.0.1:1']));
  const client = await openClient(t, front.port());

  client.send(requestText('POST /a', [GRPC, 'Content-Length: 0', 'Expect: b']));

  const answer = await client.message();
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('grpc-status'), '13');
  assert.match(answer.headers.get('grpc-message')!, /^expectation-failed: /);
  assert.equal(answer.headers.get('connection'), 'close');
});

test('what modules refuse a gRPC call with is translated, and what they answer is not', async (t) => {
  const answers: Record<string, readonly [status: number, headers: string[], body: string]> = {
    '/quota': [429, ['content-type', 'text/plain', 'retry-after', '5'], '10 a minute, größer wird’s nicht\n'],
    '/login': [401, ['www-authenticate', 'Bearer'], ''],
    '/html': [503, ['content-type', 'text/html'], '<h1>later</h1>'],
    '/own': [400, ['content-type', 'application/grpc', 'grpc-status', '3'], ''],
    '/good': [200, ['content-type', 'application/grpc'], 'message'],
  };
  const module: Module = {
    name: 'm',
    handlers: {
      beforeLocation({ path }) {
        if (path === '/denied') return { kind: 'finish' };
        const [status, headers, body] = answers[path]!;
        return { kind: 'respond', status, headers, body };
      },
    },
  };
  const front = await startFront(t, plainConfig(['127.0.0.1:1']), { modules: [module] });
  const ask = async (path: string) => {
    const client = await openClient(t, front.port());
    return client.send(requestText(`POST ${path}`, [GRPC, 'Content-Length: 0'])).message();
  };

  const quota = await ask('/quota');
  assertGrpc(front, quota, 14, '10 a minute, gr%C3%B6%C3%9Fer wird%E2%80%99s nicht');
  assert.equal(quota.headers.get('retry-after'), '5');
  const login = await ask('/login');
  assertGrpc(front, login, 16, 'Unauthorized');
  assert.equal(login.headers.get('www-authenticate'), 'Bearer');
  assertGrpc(front, await ask('/html'), 14, 'Service Unavailable');
  assertGrpc(front, await ask('/denied'), 7, 'denied-by-module: refused by policy');
  const own = await ask('/own');
  assert.deepEqual([own.status, own.headers.get('grpc-status')], [400, '3']);
  const good = await ask('/good');
  assert.deepEqual([good.status, good.headers.get('grpc-status'), good.body], [200, undefined, 'message']);
});

test('a gRPC call may be answered until its deadline, and one without a deadline within responseHeader', async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(t, plainConfig([origin.address], '', 'timeouts: { responseHeader: 1ms }'));
  const patient = await openClient(t, front.port());
  const other = await openClient(t, front.port());
  const call = ['Content-Length: 0', GRPC];

  patient.send(requestText('POST /patient', [...call, 'grpc-timeout: 1H']));
  const backend = await origin.next();
  await backend.untilText('\r\n\r\n');
  for (const lines of [call, [...call, 'grpc-timeout: 1n']]) {
    other.send(requestText('POST /other', lines));
    assertGrpc(front, await other.message(), 4, /^response-timeout: /);
  }
  backend.send(ok('late', ['content-type: application/grpc']));

  assert.equal((await patient.message()).body, 'late');
});

test('other requests, and the fixed answers of routes, are answered as ever', async (t) => {
  const front = await startFront(
    t,
    `
listen: [{ address: "127.0.0.1:0" }]
tenants:
  shop:
    hosts: ["shop.example"]
    routes: [{ path: "/fixed", respond: { status: 503, body: "later" } }]
`,
  );
  const client = await openClient(t, front.port());

  client.send(requestText('POST /fixed', [GRPC, 'Content-Length: 0']));
  const fixed = await client.message();
  assert.deepEqual([fixed.status, fixed.body, fixed.headers.get('grpc-status')], [503, 'later', undefined]);
  client.send(requestText('POST /', ['Content-Type: application/grpc-web', 'Content-Length: 0']));
  assert.equal((await client.message()).status, 404);
});

function assertGrpc(front: TestFront, answer: PlainMessage, status: number, message: string | RegExp): void {
  const { headers } = answer;
  assert.equal(answer.status, 200);
  assert.equal(answer.body, '');
  assert.equal(headers.get('content-length'), '0');
  assert.equal(headers.get('content-type'), 'application/grpc');
  assert.equal(headers.get('grpc-status'), String(status));
  if (typeof message === 'string') assert.equal(headers.get('grpc-message'), message);
  else assert.match(headers.get('grpc-message')!, message);
  const exchange = front.exchanges.at(-1)!;
  assert.equal(headers.get('x-request-id'), exchange.id);
  assert.equal(exchange.status, 200);
  assert.deepEqual(exchange.response!.headers.slice(0, 4), [
    'content-type',
    'application/grpc',
    'grpc-status',
    String(status),
  ]);
  if (typeof message !== 'string')
    assert.match(`${exchange.error!.name}: ${exchange.error!.detail}`, message);
}
