import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { openClient, requestText } from '../support/client.ts';
import { startDeafListener } from '../support/deaf-listener.ts';
import { plainConfig, startFront, type TestFront } from '../support/front.ts';
import { answering, ok, startOrigin } from '../support/origin.ts';

test('a backend that refuses connections is answered for with 502', async (t) => {
  const origin = await startOrigin(t);
  await origin.stop();
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));
  const answer = await client.message();

  assert.equal(answer.status, 502);
  assert.match(answer.body, /connect-failed/);
  assert.equal(front.exchanges[0]?.error?.name, 'connect-failed');
  assert.equal(front.exchanges[0]?.attempts, 1);
  assert.equal(front.count('upstreamFailed'), 1);
  front.assertNothingInFlight();
});

test('a backend that does not take the connection in time is answered for with 504', async (t) => {
  const front = await frontOfDeaf(t, 'timeouts: { connect: 100ms }');
  if (front === undefined) return;
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));
  const answer = await client.message();

  assert.equal(answer.status, 504);
  assert.equal(front.exchanges[0]?.error?.name, 'connect-timeout');
  assert.equal(front.upstreamConnections, 0);
  front.assertNothingInFlight();
});

test('a client that goes while its connection is being made leaves nothing behind', async (t) => {
  const front = await frontOfDeaf(t, 'timeouts: { connect: 300ms }');
  if (front === undefined) return;
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));
  await front.until(() => front.count('exchangeStarted') === 1);
  client.reset();
  await front.settled();
  await front.until(() => front.count('upstreamFailed') === 1, 'the end of the attempt to connect');

  assert.equal(front.exchanges[0]?.error?.name, 'client-gone');
  assert.equal(front.instances()[0]?.state, 'healthy');
});

test('a backend that does not answer in time is answered for with 504, and its connection is closed', async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(t, plainConfig([origin.address], '', 'timeouts: { responseHeader: 100ms }'));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));
  const backend = await origin.next();
  const answer = await client.message();
  await backend.untilEnded();

  assert.equal(answer.status, 504);
  assert.equal(front.exchanges[0]?.error?.name, 'response-timeout');
  assert.equal(front.exchanges[0]?.error?.side, 'upstream');
  front.assertNothingInFlight();
});

test('all attempts together have no more time than the total, and the last connection is closed', async (t) => {
  const origins = [await startOrigin(t), await startOrigin(t), await startOrigin(t)];
  const options = `timeouts: { responseHeader: 300ms, total: 500ms }
retry: { attempts: 3, on: [timeout] }
health: { fail: 1 }`;
  const addresses = origins.map(({ address }) => address);
  const front = await startFront(t, plainConfig(addresses, '', options));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));
  const answer = await client.message();
  for (const origin of origins.slice(0, 2)) await (await origin.next()).untilEnded();

  assert.equal(answer.status, 504);
  assert.match(answer.body, /total-timeout/);
  assert.equal(front.exchanges[0]?.attempts, 2);
  assert.equal(origins[2]!.connections.length, 0);
  assert.deepEqual(
    front.instances().map(({ state }) => state),
    ['ejected', 'healthy', 'healthy'],
    'the second has not had its time',
  );
  front.assertNothingInFlight();
});

test('a response head that dribbles in does not prolong its time', async (t) => {
  const origin = await startOrigin(t, (backend) => {
    const timer = setInterval(() => backend.send('H'), 20);
    backend.send('HTTP/1.1 200 ');
    backend.ended.then(() => clearInterval(timer));
  });
  const front = await startFront(t, plainConfig([origin.address], '', 'timeouts: { responseHeader: 100ms }'));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));
  const answer = await client.message();

  assert.equal(answer.status, 504);
});

test('interim responses do not prolong the time of the final one', async (t) => {
  const origin = await startOrigin(t, (backend) => {
    // Were they to prolong it, there would be too many of them at last: 502.
    const timer = setInterval(() => backend.send('HTTP/1.1 102 Processing\r\n\r\n'), 30);
    backend.ended.then(() => clearInterval(timer));
  });
  const front = await startFront(t, plainConfig([origin.address], '', 'timeouts: { responseHeader: 100ms }'));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));
  let answer = await client.message();
  while (answer.status < 200) answer = await client.message();

  assert.equal(answer.status, 504);
});

test('a response body that stops coming is cut', async (t) => {
  const origin = await startOrigin(t, (backend) => {
    backend.message().then(() => backend.send('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello'));
  });
  const front = await startFront(t, plainConfig([origin.address], '', 'timeouts: { idle: 100ms }'));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));
  await client.untilEnded();

  assert.match(client.text, /hello$/);
  await assert.rejects(client.message());
  assert.equal(front.exchanges[0]?.error?.name, 'response-timeout');
  assert.equal(front.upstreamConnections, 0);
});

test('a response body that keeps coming may take longer than the idle time', async (t) => {
  const origin = await startOrigin(t, (backend) => {
    backend.message().then(() => {
      let left = 8;
      backend.send('HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n');
      const timer = setInterval(() => {
        backend.send('x');
        if (--left === 0) clearInterval(timer);
      }, 50);
      backend.ended.then(() => clearInterval(timer));
    });
  });
  const front = await startFront(t, plainConfig([origin.address], '', 'timeouts: { idle: 200ms }'));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));
  const answer = await client.message();

  assert.equal(answer.body, 'xxxxxxxx');
});

test("a request body that a slow client sends is not the backend's delay", async (t) => {
  const origin = await startOrigin(t, answering(ok('thanks')));
  const front = await startFront(
    t,
    plainConfig([origin.address], '', 'timeouts: { idle: 100ms, responseHeader: 100ms }'),
  );
  const client = await openClient(t, front.port());

  client.send(requestText('POST /', ['Content-Length: 10']));
  client.send('hello');
  const backend = await origin.next();
  await backend.untilText('hello');
  // Longer than the backend's idle time and the wheel's three ticks; only time itself can show that nothing happens in it.
  await wait(400);
  client.send('world');
  const answer = await client.message();

  assert.equal(answer.status, 200);
  assert.equal(front.exchanges[0]?.error, undefined);
});

test('a backend that does not take the request body in time is answered for with 504', async (t) => {
  const origin = await startOrigin(t, (backend) => backend.socket.pause());
  const front = await startFront(t, plainConfig([origin.address], '', 'timeouts: { idle: 200ms }'));
  const client = await openClient(t, front.port());

  client.send(requestText('POST /', ['Content-Length: 100000000']));
  client.socket.write(Buffer.alloc(100_000_000));
  const answer = await client.message();

  assert.equal(answer.status, 504);
  assert.equal(front.exchanges[0]?.error?.name, 'response-timeout');
});

test('a backend that has taken what it was sent is not blamed for what a slow client sends later', async (t) => {
  const origin = await startOrigin(t, (backend) => {
    backend.keeps = false;
    backend.socket.pause();
  });
  const front = await startFront(t, plainConfig([origin.address], '', 'timeouts: { idle: 500ms }'));
  const client = await openClient(t, front.port());
  const most = 20_000_000;

  client.send(requestText('POST /', [`Content-Length: ${most + 1}`]));
  client.send(Buffer.alloc(most));
  const backend = await origin.next();
  // Until nothing moves any more, or the first deadline comes near.
  await wait(200);
  backend.socket.resume();
  await backend.until(() => backend.receivedBytes > most);
  await wait(900);
  client.send('x');
  await backend.until(() => backend.receivedBytes > most + 1);
  backend.send(ok('thanks'));

  assert.equal((await client.message()).status, 200);
});

test('a backend is not blamed for a client that does not take the response', async (t) => {
  const most = 50_000_000;
  const origin = await startOrigin(t, (backend) => {
    backend.message().then(() => {
      backend.send(`HTTP/1.1 200 OK\r\ncontent-length: ${most}\r\n\r\n`);
      backend.send(Buffer.alloc(most));
    });
  });
  const front = await startFront(t, plainConfig([origin.address], '', 'timeouts: { idle: 100ms }'));
  const client = await openClient(t, front.port());

  client.keeps = false;
  client.socket.pause();
  client.send(requestText('GET /'));
  await wait(500);
  client.socket.resume();
  await client.until(() => client.receivedBytes > most, 'all of the response');

  assert.equal(front.exchanges[0]?.error, undefined);
});

test('a pooled connection that is not used for the idle time is closed', async (t) => {
  const origin = await startOrigin(t, answering(ok('hello')));
  const front = await startFront(t, plainConfig([origin.address], '', 'timeouts: { idle: 100ms }'));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));
  await client.message();
  const backend = await origin.next();
  await backend.untilEnded();

  assert.equal(front.upstreamConnections, 0);
  assert.deepEqual(front.instanceEvents, [
    `upstreamOpened ${origin.address}`,
    `upstreamClosed ${origin.address}`,
  ]);
});

/** A front end whose only backend never takes a connection; undefined, and the test skipped, where there is no such thing. */
async function frontOfDeaf(t: TestContext, cluster: string): Promise<TestFront | undefined> {
  const port = await startDeafListener(t);
  if (port === undefined) {
    t.skip('THIS SYSTEM COMPLETES CONNECTIONS BEYOND THE BACKLOG: connect timeouts were not tested');
    return undefined;
  }
  return startFront(t, plainConfig([`127.0.0.1:${port}`], '', cluster));
}
