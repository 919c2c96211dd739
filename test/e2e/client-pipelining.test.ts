import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront } from '../support/front.ts';
import { answering, ok, startHttpOrigin, startOrigin } from '../support/origin.ts';

test('pipelined requests are answered in their order by a backend that is slow with the first', async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(['/1', '/2', '/3', '/4'].map((path) => requestText(`GET ${path}`)).join(''));

  const upstream = await origin.next();
  for (const path of ['/1', '/2', '/3', '/4']) {
    assert.equal((await upstream.message()).startLine, `GET ${path} HTTP/1.1`);
    // Nothing is asked before the answer to the one before has gone out.
    assert.equal(upstream.rest, '');
    upstream.send(ok(path));
    assert.equal((await client.message()).body, path);
  }
  assert.equal(origin.connections.length, 1);
  client.end();
  await front.settled();
});

test('pipelined bodies are not mixed with each other or with heads', async (t) => {
  const origin = await startHttpOrigin(t, async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('latin1')) body += chunk;
    response.end(`${request.method} ${request.url} [${body}]`);
  });
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());
  const post = (path: string, body: string) =>
    `${requestText(`POST ${path}`, [`Content-Length: ${body.length}`])}${body}`;
  const chunked = `${requestText('POST /c', ['Transfer-Encoding: chunked'])}3\r\nabc\r\n0\r\n\r\n`;
  const all = `${post('/a', 'first')}${requestText('GET /b')}${chunked}${post('/d', requestText('GET /inner'))}${requestText('GET /e')}`;

  client.send(all);

  for (const expected of [
    'POST /a [first]',
    'GET /b []',
    'POST /c [abc]',
    `POST /d [${requestText('GET /inner')}]`,
    'GET /e []',
  ]) {
    assert.equal((await client.message()).body, expected);
  }
});

test('pipelined requests that come octet by octet are the same requests', async (t) => {
  const origin = await startHttpOrigin(t, (request, response) => void response.end(request.url));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());
  const text = `${requestText('GET /1')}${requestText('GET /2')}`;

  for (const octet of text) await new Promise((resolve) => client.socket.write(octet, 'latin1', resolve));

  assert.equal((await client.message()).body, '/1');
  assert.equal((await client.message()).body, '/2');
});

test('a request behind Connection: close is not served', async (t) => {
  const origin = await startOrigin(t, answering(ok('last')));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(`${requestText('GET /1', ['Connection: close'])}${requestText('GET /2')}`);

  const answer = await client.message();
  assert.equal(answer.body, 'last');
  assert.equal(answer.headers.get('connection'), 'close');
  assert.equal(await client.untilEnded(), 'end');
  client.end();
  await front.settled();
  assert.equal(client.rest, '');
  assert.equal(front.exchanges.length, 1);
  assert.ok(!origin.text.includes('/2'));
});

test('a client that never reads is not served further than a bound, and not forgotten', async (t) => {
  const body = 'x'.repeat(20_000);
  const origin = await startHttpOrigin(t, (_, response) => void response.end(body));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());
  client.keeps = false;
  client.socket.pause();
  const count = 2000;

  // 40 MB of answers: more than the kernel holds for a reader that does not read.
  for (let i = 0; i < count; i++) client.send(requestText('GET /'));
  const served = await servedWhenStalled(front);

  assert.ok(served < count, `all ${count} were served to a client that reads nothing`);
  assert.ok(front.server.status().exchanges <= 1);
  client.socket.resume();
  await front.until(() => front.exchanges.length === count, 'all answers');
  await client.until(() => client.receivedBytes > count * body.length, 'all bytes');
  client.end();
  await front.settled();
});

test('local answers to a client that never reads are bounded too', async (t) => {
  const front = await startFront(
    t,
    `
listen: [{ address: "127.0.0.1:0" }]
tenants:
  shop:
    hosts: ["shop.example"]
    routes: [{ respond: { status: 200, body: "${'x'.repeat(20_000)}" } }]
`,
  );
  const client = await openClient(t, front.port());
  client.keeps = false;
  client.socket.pause();
  const count = 2000;

  client.send(requestText('GET /').repeat(count));
  const served = await servedWhenStalled(front);

  assert.ok(served < count, `all ${count} were served to a client that reads nothing`);
  client.socket.resume();
  await front.until(() => front.exchanges.length === count, 'all answers');
});

/** Exchanges finished when no more of them finish. */
async function servedWhenStalled(front: { readonly exchanges: readonly unknown[] }): Promise<number> {
  for (;;) {
    const { length } = front.exchanges;
    await new Promise((resolve) => setTimeout(resolve, 300));
    if (front.exchanges.length === length) return length;
  }
}
