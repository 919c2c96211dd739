import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { openClient, openTlsClient, requestText } from '../support/client.ts';
import { plainConfig, startFront, type TestFront } from '../support/front.ts';
import { answering, type Origin, ok, startOrigin } from '../support/origin.ts';
import { startTlsFront } from '../support/tls-front.ts';

test('a stop ends kept connections at once, and those that never asked for anything after a moment', async (t) => {
  const { front, kept, keptTls, silent, shaking } = await startWithIdleClients(t);

  const stopped = front.server.stop();

  for (const client of [kept, keptTls, silent, shaking]) {
    assert.equal(await client.untilEnded(), 'end');
    assert.equal(client.rest, '');
    client.end();
  }
  await stopped;
  assert.equal(front.server.status().state, 'stopped');
});

test('kept connections do not wait for those that have yet to ask', async (t) => {
  const { front, kept, keptTls, silent } = await startWithIdleClients(t);

  const stopped = front.server.stop();
  await Promise.all([kept.untilEnded(), keptTls.untilEnded()]);

  silent.send(requestText('GET /crossing'));
  const answer = await silent.message();
  assert.equal(answer.body, 'shop');
  assert.equal(answer.headers.get('connection'), 'close');
  assert.equal(await silent.untilEnded(), 'end');
  for (const client of [kept, keptTls, silent]) client.end();
  await stopped;
});

test('what a kept connection had sent when the stop began is answered', async (t) => {
  const { front, kept } = await startWithIdleClients(t);

  kept.send(requestText('GET /sent'));
  const stopped = front.server.stop();

  assert.equal((await kept.message()).body, 'shop');
  assert.equal(await kept.untilEnded(), 'end');
  kept.end();
  await stopped;
});

test('connections that the kernel still holds when a stop begins are served', async (t) => {
  const origin = await startOrigin(t, answering(ok('served')));
  const front = await startFront(t, configOf(origin, '1h'));
  // All are connected in one turn of the loop, which accepts one in each.
  const clients = await Promise.all(Array.from({ length: 50 }, () => openClient(t, front.port())));

  const stopped = front.server.stop();

  for (const client of clients) client.send(requestText('GET /'));
  for (const client of clients) {
    assert.equal((await client.message()).body, 'served');
    client.end();
  }
  await stopped;
  assert.equal(front.closedSessions.length, 50);
});

test('a stop lets what is in flight finish, tells its client, and takes nothing new', async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(t, configOf(origin, '1h'));
  const port = front.port();
  const waiting = await openClient(t, port);
  waiting.send(requestText('GET /waiting'));
  const first = await origin.next();
  await first.message();
  const answering = await openClient(t, port);
  answering.send(`${requestText('GET /answering')}${requestText('GET /pipelined')}`);
  const second = await origin.next();
  await second.message();
  second.send('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello');
  await answering.untilText('hello');
  const sending = await openClient(t, port);
  sending.send(`${requestText('POST /sending', ['Content-Length: 10'])}hello`);
  const third = await origin.next();
  await third.untilText('hello');

  const stopped = front.server.stop();
  await listenersClosed(front);

  await assert.rejects(openClient(t, port), { code: 'ECONNREFUSED' });
  first.send(ok('waited'));
  second.send('world');
  sending.send('world');
  await third.untilText('helloworld');
  third.send(ok('sent'));
  const waited = await waiting.message();
  assert.equal(waited.body, 'waited');
  assert.equal(waited.headers.get('connection'), 'close');
  // Its head was sent before the stop, so only the end of the connection tells.
  assert.equal((await answering.message()).body, 'helloworld');
  assert.equal((await sending.message()).body, 'sent');
  for (const client of [waiting, answering, sending]) {
    assert.equal(await client.untilEnded(), 'end');
    assert.equal(client.rest, '');
    client.end();
  }
  await stopped;
  assert.equal(front.exchanges.length, 3);
  for (const { error } of front.exchanges) assert.equal(error, undefined);
  assert.ok(!origin.text.includes('/pipelined'));
  assert.equal(front.upstreamConnections, 0);
});

test('a head that was under way when the stop began is still served', async (t) => {
  const origin = await startOrigin(t, answering(ok('served')));
  const front = await startFront(t, configOf(origin, '1h'));
  const client = await openClient(t, front.port());
  const [before, behind] = [requestText('GET /').slice(0, 20), requestText('GET /').slice(20)];
  client.send(requestText('GET /first'));
  await client.message();
  client.send(before);
  while (front.exchanges[0]!.session.state !== 'active') await nextTurn();

  const stopped = front.server.stop();
  client.send(behind);

  const answer = await client.message();
  assert.equal(answer.body, 'served');
  assert.equal(answer.headers.get('connection'), 'close');
  client.end();
  await stopped;
});

test('what is not finished by the end of the drain is cut, never completed falsely', async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(t, configOf(origin, '200ms'));
  const waiting = await openClient(t, front.port());
  waiting.send(requestText('GET /'));
  const first = await origin.next();
  await first.message();
  const answered = await openClient(t, front.port());
  answered.send(requestText('GET /'));
  const second = await origin.next();
  await second.message();
  second.send('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n');
  await answered.untilText('hello');

  await front.server.stop();

  const answer = await waiting.message();
  assert.equal(answer.status, 503);
  assert.match(answer.body, /draining/);
  assert.notEqual(await answered.untilEnded(), 'destroyed');
  assert.ok(!answered.text.includes('0\r\n\r\n'));
  await first.untilEnded();
  await second.untilEnded();
  front.assertNothingInFlight();
  assert.equal(front.exchanges.length, 2);
  for (const { error } of front.exchanges) assert.equal(error!.name, 'draining');
  assert.equal(front.upstreamConnections, 0);
});

test('a stop that is asked for twice is one stop', async (t) => {
  const front = await startFront(t, plainConfig(['127.0.0.1:1']));

  await Promise.all([front.server.stop(), front.server.stop()]);

  assert.equal(front.server.status().state, 'stopped');
});

/** A plain port and a TLS port, each with a connection that has asked once and one that has said nothing; routes that answer by themselves. */
async function startWithIdleClients(t: TestContext) {
  const front = await startTlsFront(t, { top: '' });
  const port = front.port(1);
  const silent = await openClient(t, port);
  const kept = await openClient(t, port);
  kept.send(requestText('GET /'));
  await kept.message();
  const keptTls = await openTlsClient(t, front.port());
  keptTls.send(requestText('GET /'));
  await keptTls.message();
  const shaking = await openClient(t, front.port());
  await front.until(() => front.server.status().sessions === 4, 'all sessions');
  return { front, silent, kept, keptTls, shaking };
}

async function listenersClosed(front: TestFront): Promise<void> {
  while (front.server.status().listeners.length > 0) await nextTurn();
}

function configOf({ address }: Origin, drain: string): string {
  return plainConfig([address]).replace(/^drain: .*$/m, `drain: ${drain}`);
}
