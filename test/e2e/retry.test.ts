import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { FinishedExchange } from '../../src/core/callback-points.ts';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront, type TestFront } from '../support/front.ts';
import { answering, eachRequest, type Origin, ok, startOrigin } from '../support/origin.ts';
import type { Peer } from '../support/peer.ts';

test('a refused connection sends the request to another instance, and both attempts are counted', async (t) => {
  const refusing = await refusingAddress(t);
  const origin = await startOrigin(t, answering(ok('well')));
  const front = await startFront(t, plainConfig([refusing, origin.address]));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));
  const answer = await client.message();

  assert.equal(answer.body, 'well');
  const [exchange] = front.exchanges;
  assert.equal(exchange?.attempts, 2);
  assert.equal(exchange?.instance?.address.text, origin.address);
  assert.equal(exchange?.error, undefined);
  assert.equal(front.count('upstreamFailed'), 1);
  front.assertNothingInFlight();
});

test('a request with a body is sent to another instance when the connection was refused', async (t) => {
  const refusing = await refusingAddress(t);
  const origin = await startOrigin(t, answering(ok('thanks')));
  const front = await startFront(t, plainConfig([refusing, origin.address]));
  const client = await openClient(t, front.port());

  client.send(`${requestText('POST /', ['Content-Length: 5'])}hello`);
  const answer = await client.message();

  assert.equal(answer.status, 200);
  assert.match(origin.text, /hello$/);
  assert.equal(front.exchanges[0]?.attempts, 2);
});

test('with one attempt a refused connection is the end of it', async (t) => {
  const refusing = await refusingAddress(t);
  const origin = await startOrigin(t, answering(ok('well')));
  const front = await startFront(t, plainConfig([refusing, origin.address], '', 'retry: { attempts: 1 }'));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));
  const answer = await client.message();

  assert.equal(answer.status, 502);
  assert.equal(front.exchanges[0]?.attempts, 1);
  assert.equal(origin.connections.length, 0);
});

test('without connect-failure among its reasons nothing is tried again', async (t) => {
  const refusing = await refusingAddress(t);
  const origin = await startOrigin(t, answering(ok('well')));
  const front = await startFront(t, plainConfig([refusing, origin.address], '', 'retry: { on: [] }'));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));
  const answer = await client.message();

  assert.equal(answer.status, 502);
  assert.equal(origin.connections.length, 0);
});

test('no instance is tried twice, and no more attempts are made than allowed', async (t) => {
  const refusing = [await refusingAddress(t), await refusingAddress(t), await refusingAddress(t)];
  const front = await startFront(
    t,
    plainConfig(refusing, '', 'retry: { attempts: 2 }\nhealth: { fail: 100 }'),
  );
  const many = await startFront(
    t,
    plainConfig(refusing, '', 'retry: { attempts: 9 }\nhealth: { fail: 100 }'),
  );

  for (const [server, attempts] of [
    [front, 2],
    [many, 3],
  ] as const) {
    const client = await openClient(t, server.port());
    client.send(requestText('GET /'));
    const answer = await client.message();

    assert.equal(answer.status, 502);
    assert.equal(server.exchanges[0]?.attempts, attempts);
    assert.equal(server.exchanges[0]?.error?.name, 'connect-failed');
    assert.equal(new Set(server.instanceEvents).size, attempts);
    server.assertNothingInFlight();
  }
});

for (const method of ['GET', 'HEAD', 'OPTIONS', 'DELETE']) {
  for (const how of ['end', 'reset'] as const) {
    test(`a pooled connection that dies (${how}) under a ${method} costs the client nothing`, async (t) => {
      const { front, client, origin } = await withPooledConnection(t, (first) => first[how]());

      client.send(requestText(`${method} /again`));
      const answer = await client.message({ isHeadAnswer: method === 'HEAD' });

      assert.equal(answer.status, 200);
      assert.equal(origin.connections.length, 2);
      assert.equal(front.exchanges[1]?.attempts, 1);
      assert.equal(front.exchanges[1]?.error, undefined);
      assert.equal(front.instances()[0]?.state, 'healthy');
      front.assertNothingInFlight();
    });
  }
}

test('where one pooled connection has died, others that may have died with it are not tried first', async (t) => {
  const script = eachRequest((_request, connection, index) => {
    if (index === 0) connection.send(ok('well'));
    else connection.reset();
  });
  const origin = await startOrigin(t, script);
  const front = await startFront(t, plainConfig([origin.address]));
  const clients = [await openClient(t, front.port()), await openClient(t, front.port())];
  for (const client of clients) client.send(requestText('GET /first'));
  for (const client of clients) await client.message();
  assert.equal(front.upstreamConnections, 2);

  clients[0]!.send(requestText('GET /again'));
  const answer = await clients[0]!.message();

  assert.equal(answer.body, 'well');
  assert.deepEqual(
    origin.connections.map(({ text }) => text.match(/\/again/g)?.length ?? 0).toSorted(),
    [0, 1, 1],
  );
});

for (const [what, request] of [
  ['a POST', `${requestText('POST /again', ['Content-Length: 5'])}hello`],
  ['a POST without a body', requestText('POST /again')],
  ['a PATCH', `${requestText('PATCH /again', ['Content-Length: 5'])}hello`],
  ['a PUT whose body is on its way', `${requestText('PUT /again', ['Content-Length: 5'])}hello`],
  ['an unknown method', requestText('BREW /again')],
] as const) {
  test(`a pooled connection that dies under ${what} is answered for with 502, and nothing is repeated`, async (t) => {
    const { front, client, origin } = await withPooledConnection(t, (first) => first.reset());

    client.send(request);
    const answer = await client.message();

    assert.equal(answer.status, 502);
    assert.equal(front.exchanges[1]?.error?.name, 'connection-lost');
    assert.equal(origin.connections.length, 1);
    assert.equal(origin.text.match(/again/g)?.length, 1);
    assert.equal(front.instances()[0]?.state, 'healthy', 'it is not held against the instance');
    front.assertNothingInFlight();
  });
}

test('a PUT whose pooled connection dies before its body came is not continued elsewhere with a piece of it', async (t) => {
  const { client, origin } = await withPooledConnection(t, (first) => first.reset());

  client.send(requestText('PUT /again', ['Content-Length: 10']));
  const answer = await client.message();

  assert.equal(answer.status, 502);
  assert.equal(origin.connections.length, 1);
});

test('a response that has begun on a pooled connection is not asked for again', async (t) => {
  const { front, client, origin } = await withPooledConnection(t, (first) => first.end('HTTP/1.1 2'));

  client.send(requestText('GET /again'));
  const answer = await client.message();

  assert.equal(answer.status, 502);
  assert.equal(front.exchanges[1]?.error?.name, 'connection-lost');
  assert.equal(origin.connections.length, 1);
});

test('a response that does not come in time on a pooled connection is not asked for again', async (t) => {
  const { front, client, origin } = await withPooledConnection(
    t,
    () => {},
    'timeouts: { responseHeader: 100ms }\nhealth: { fail: 1 }',
  );

  client.send(requestText('GET /again'));
  const answer = await client.message();

  assert.equal(answer.status, 504);
  assert.equal(origin.connections.length, 1);
  assert.equal(front.instances()[0]?.state, 'ejected', 'it is held against the instance');
});

test('a new connection that dies under a GET is held against the instance and answered with 502', async (t) => {
  const origin = await startOrigin(
    t,
    (connection) => void connection.untilText('\r\n\r\n').then(() => connection.reset()),
  );
  const front = await startFront(t, plainConfig([origin.address], '', 'health: { fail: 1 }'));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));
  const answer = await client.message();

  assert.equal(answer.status, 502);
  assert.equal(front.exchanges[0]?.error?.name, 'connection-lost');
  assert.equal(origin.connections.length, 1);
  assert.deepEqual(front.instanceEvents.at(-1), `instanceEjected ${origin.address}`);
});

test('an idle connection that has closed in good time is not used at all', async (t) => {
  const origin = await startOrigin(t, answering(ok('well')));
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /1'));
  await client.message();
  const first = await origin.next();
  first.end();
  await front.until(() => front.upstreamConnections === 0, 'the end of the idle connection');
  client.send(`${requestText('POST /2', ['Content-Length: 5'])}hello`);
  const answer = await client.message();

  assert.equal(answer.status, 200);
  assert.ok(!first.text.includes('/2'));
});

/** A front end with one idle connection to its only instance, whose next request meets `then`. */
async function withPooledConnection(
  t: TestContext,
  then: (connection: Peer) => void,
  cluster = 'health: { fail: 1 }',
): Promise<{ readonly front: TestFront; readonly client: Peer; readonly origin: Origin }> {
  let count = 0;
  const origin = await startOrigin(t, (connection) => {
    count += 1;
    if (count > 1) answering(ok('well'))(connection);
    else
      connection.untilText('\r\n\r\n').then(() => {
        connection.send(ok('first'));
        // Quietly: what is behind the head must not matter.
        connection.untilText('/again').then(() => then(connection));
      });
  });
  const front = await startFront(t, plainConfig([origin.address], '', cluster));
  const client = await openClient(t, front.port());
  client.send(requestText('GET /first'));
  await client.message();
  return { front, client, origin };
}

/** An address where nobody listens. */
async function refusingAddress(t: TestContext): Promise<string> {
  const origin = await startOrigin(t);
  await origin.stop();
  return origin.address;
}

/** An origin that ends the connection when a request has come, without an answer. */
function dropping(t: TestContext): Promise<Origin> {
  return startOrigin(
    t,
    eachRequest((_, connection) => void connection.socket.destroy()),
  );
}

const ONCE_MORE = 'retry: { on: [connect-failure, connection-lost, timeout, 503] }';

test('an answer that a retry is asked for is thrown away, and another instance asked', async (t) => {
  const busy = await startOrigin(t, answering('HTTP/1.1 503 No\r\ncontent-length: 4\r\n\r\nbusy'));
  const well = await startOrigin(t, answering(ok('well')));
  const front = await startFront(t, plainConfig([busy.address, well.address], '', ONCE_MORE));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));

  assert.equal((await client.message()).body, 'well');
  assert.equal(front.exchanges[0]!.attempts, 2);
  front.assertNothingInFlight();
});

test('the last instance has the last word', async (t) => {
  const busy = await startOrigin(t, answering('HTTP/1.1 503 No\r\ncontent-length: 4\r\n\r\nbusy'));
  const front = await startFront(t, plainConfig([busy.address], '', ONCE_MORE));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));

  const answer = await client.message();
  assert.deepEqual([answer.status, answer.body], [503, 'busy']);
});

test('a connection that ends without an answer sends what is idempotent to another instance, its body too', async (t) => {
  const lost = await dropping(t);
  const well = await startOrigin(t, answering(ok('well')));
  const front = await startFront(t, plainConfig([lost.address, well.address], '', ONCE_MORE));
  const client = await openClient(t, front.port());

  client.send(`${requestText('PUT /', ['Content-Length: 5'])}hello`);

  assert.equal((await client.message()).body, 'well');
  assert.match(lost.text, /hello$/);
  assert.match(well.text, /hello$/);
  await front.until(() => front.exchanges.length === 1, 'the end of the exchange');
  const [{ connectedAt, requestSentAt, respondedAt }] = front.exchanges as [FinishedExchange];
  assert.ok(
    connectedAt <= requestSentAt && requestSentAt <= respondedAt,
    'its times are those of the last attempt',
  );
});

for (const [unsafe, status] of [
  [false, 502],
  [true, 200],
] as const) {
  test(`what may do harm the second time is ${unsafe ? 'sent again where that is allowed' : 'not sent again'}`, async (t) => {
    const lost = await dropping(t);
    const well = await startOrigin(t, answering(ok('well')));
    const options = `retry: { on: [connection-lost], unsafe: ${unsafe} }`;
    const front = await startFront(t, plainConfig([lost.address, well.address], '', options));
    const client = await openClient(t, front.port());

    client.send(`${requestText('POST /', ['Content-Length: 5'])}hello`);

    assert.equal((await client.message()).status, status);
    assert.equal(well.connections.length, unsafe ? 1 : 0);
  });
}

test('an instance that does not answer in time is given up for another', async (t) => {
  const stuck = await startOrigin(t, () => {});
  const well = await startOrigin(t, answering(ok('well')));
  const options = `${ONCE_MORE}\ntimeouts: { responseHeader: 100ms }`;
  const front = await startFront(t, plainConfig([stuck.address, well.address], '', options));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));

  assert.equal((await client.message()).body, 'well');
});

test('after a pause the request goes to another instance, with its body', async (t) => {
  const lost = await dropping(t);
  const well = await startOrigin(t, answering(ok('well')));
  const options = 'retry: { on: [connection-lost], backoff: 25ms }';
  const front = await startFront(t, plainConfig([lost.address, well.address], '', options));
  const client = await openClient(t, front.port());

  client.send(`${requestText('PUT /', ['Content-Length: 5'])}hello`);

  assert.equal((await client.message()).body, 'well');
  assert.match(well.text, /hello$/);
  assert.equal(front.exchanges[0]!.attempts, 2);
});

test('when everything fails, retries are no more than their budget', async (t) => {
  const origins = await Promise.all([dropping(t), dropping(t)]);
  const addresses = origins.map(({ address }) => address);
  const options = `${ONCE_MORE}\nhealth: { fail: 1000 }`;
  const front = await startFront(t, plainConfig(addresses, '', options));

  for (let i = 0; i < 100; i++) {
    const client = await openClient(t, front.port());
    client.send(requestText('GET /', ['Connection: close']));
    await client.untilEnded();
  }

  const attempts = front.exchanges.reduce((sum, exchange) => sum + exchange.attempts, 0);
  assert.ok(attempts >= 110 && attempts <= 121, `${attempts}`);
});

test('a breaker refuses what would fail, lets one through to see, and closes when that is answered', async (t) => {
  let isWell = false;
  const origin = await startOrigin(
    t,
    eachRequest((_, connection) =>
      connection.send(isWell ? ok('well') : 'HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n'),
    ),
  );
  const options = 'breaker: { failures: 50%, requests: 4, open: 1s }';
  const front = await startFront(t, plainConfig([origin.address], '', options));
  const client = await openClient(t, front.port());
  const ask = async () => {
    client.send(requestText('GET /'));
    return client.message();
  };

  for (let i = 0; i < 4; i++) assert.equal((await ask()).status, 500);
  const refused = await ask();
  assert.equal(refused.status, 503);
  assert.match(refused.body, /breaker-open/);
  assert.equal(refused.headers.get('retry-after'), '1');
  const asked = origin.connections.length;
  isWell = true;
  let answer = refused;
  for (let i = 0; i < 200 && answer.status !== 200; i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    answer = await ask();
  }
  assert.equal(answer.status, 200);
  assert.equal((await ask()).status, 200);
  assert.ok(origin.connections.length - asked <= 1);
});

test('while a breaker is open another cluster stands in, where there is one', async (t) => {
  const failing = await startOrigin(t, answering('HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n'));
  const other = await startOrigin(t, answering(ok('other')));
  const config = plainConfig([failing.address], '', 'breaker: { requests: 2, open: 1m, fallback: spare }');
  const front = await startFront(t, `${config}\n  spare: { instances: [{ address: "${other.address}" }] }\n`);
  const client = await openClient(t, front.port());

  for (const [status, cluster] of [
    [500, 'web'],
    [500, 'web'],
    [200, 'spare'],
    [200, 'spare'],
  ] as const) {
    client.send(requestText('GET /'));
    assert.equal((await client.message()).status, status);
    assert.equal(front.exchanges.at(-1)!.cluster!.name, cluster);
  }
});
