import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { plainConfig, startFront } from '../support/front.ts';
import { openHttp2Client } from '../support/http2-client.ts';
import { ERROR_CODES, type ErrorName } from '../support/http2-names.ts';
import { answeringHttp2, H2C, type Http2Backend, startHttp2Origin } from '../support/http2-origin.ts';
import { data, goaway, rstStream } from '../support/http2-wire.ts';

/** Without REFUSED_STREAM before the head: that request is sent again, see below. */
const CODES = (Object.keys(ERROR_CODES) as ErrorName[]).filter((code) => code !== 'REFUSED_STREAM');

for (const code of CODES) {
  test(`a stream that is reset by ${code} before its response is 502, and behind its head cut`, async (t) => {
    const origin = await startHttp2Origin(t);
    const front = await startFront(t, plainConfig([origin.address], '', H2C));
    const client = await openHttp2Client(t, front.port());
    const before = client.request('/', { method: 'POST', endStream: false });
    const behind = client.request('/');
    const backend = await origin.connection();
    const [first, second] = [await backend.request(0), await backend.request(1)];

    backend.send(rstStream(first.streamId, code));
    backend.respond(second, 200, 'some', { end: false });
    await client.until(() => behind.body === 'some', 'some of the body');
    backend.send(rstStream(second.streamId, code));
    await client.over(before);
    await client.over(behind);

    assert.equal(before.status, 502);
    assert.deepEqual([behind.status, behind.isWhole, behind.reset], [200, false, 'INTERNAL_ERROR']);
    await front.until(() => front.exchanges.length === 2);
    assert.deepEqual(front.exchanges.map(({ error }) => error?.name).sort(), [
      'connection-lost',
      'response-cut',
    ]);
    const neighbour = client.request('/');
    backend.respond(await backend.request(2), 204);
    assert.equal((await client.over(neighbour)).status, 204);
    assert.equal(origin.raw.connections.length, 1);
  });
}

test('a code that nobody knows is as good as any', async (t) => {
  const origin = await startHttp2Origin(t);
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const client = await openHttp2Client(t, front.port());
  const exchange = client.request('/');
  const backend = await origin.connection();
  backend.send(rstStream((await backend.request()).streamId, 0xdeadbeef));

  assert.equal((await client.over(exchange)).status, 502);
  assert.match(front.exchanges[0]!.error!.detail, /0xdeadbeef/);
});

for (const method of ['GET', 'POST', 'DELETE', 'PATCH']) {
  test(`a ${method} without a body that was refused is sent again, whatever may come of it twice`, async (t) => {
    const origin = await startHttp2Origin(t);
    const front = await startFront(t, plainConfig([origin.address], '', H2C));
    const client = await openHttp2Client(t, front.port());
    const exchange = client.request('/', { method });
    const backend = await origin.connection();

    backend.send(rstStream((await backend.request(0)).streamId, 'REFUSED_STREAM'));
    backend.send(rstStream((await backend.request(1)).streamId, 'REFUSED_STREAM'));
    backend.respond(await backend.request(2), 200, 'at last');

    assert.equal((await client.over(exchange)).body, 'at last');
    assert.equal(front.exchanges[0]!.attempts, 1);
    assert.equal(front.instances()[0]!.inFlight, 0);
  });
}

test('a request that is refused over and over is given up after three repetitions', async (t) => {
  const refusing = (backend: Http2Backend) => {
    backend.onRequest = ({ streamId }) => void backend.send(rstStream(streamId, 'REFUSED_STREAM'));
  };
  const origin = await startHttp2Origin(t, { script: refusing });
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const client = await openHttp2Client(t, front.port());

  assert.equal((await client.get('/')).status, 502);

  assert.equal(origin.requests.length, 4);
  assert.match(front.exchanges[0]!.error!.detail, /^not processed: .*REFUSED_STREAM/);
});

test('a refused request goes to another instance where there is one', async (t) => {
  const refusing = await startHttp2Origin(t, {
    script: (backend) => {
      backend.onRequest = ({ streamId }) => void backend.send(rstStream(streamId, 'REFUSED_STREAM'));
    },
  });
  const good = await startHttp2Origin(t, { script: answeringHttp2('good') });
  const front = await startFront(t, plainConfig([refusing.address, good.address], '', H2C));
  const client = await openHttp2Client(t, front.port());

  for (let i = 0; i < 4; i++) assert.equal((await client.get('/')).body, 'good');
  assert.ok(refusing.requests.length >= 2);
});

test('a response that its instance refuses in the middle is cut, and not asked for again', async (t) => {
  const origin = await startHttp2Origin(t);
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const client = await openHttp2Client(t, front.port());
  const exchange = client.request('/');
  const backend = await origin.connection();
  const request = await backend.request(0);

  backend.respond(request, 200, 'some', { end: false });
  await client.until(() => exchange.body === 'some', 'some of the body');
  backend.send(rstStream(request.streamId, 'REFUSED_STREAM'));

  assert.equal((await client.over(exchange)).reset, 'INTERNAL_ERROR');
  assert.equal(origin.requests.length, 1);
});

test('a request that was not looked at is sent again with what had come of its body, and the rest behind it', async (t) => {
  const origin = await startHttp2Origin(t);
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const client = await openHttp2Client(t, front.port());
  const refused = client.request('/refused', { method: 'POST', endStream: false });
  const whole = client.request('/whole', { method: 'POST', endStream: false });
  client.send(data(refused.streamId, 'so'), data(whole.streamId, 'whole', { endStream: true }));
  const backend = await origin.connection();
  const [first, second] = [await backend.request(0), await backend.request(1)];
  await backend.until(() => first.body === 'so' && second.body === 'whole', 'what has come');

  backend.send(rstStream(first.streamId, 'REFUSED_STREAM'), rstStream(second.streamId, 'REFUSED_STREAM'));
  const [third, fourth] = [await backend.request(2), await backend.request(3)];
  client.send(data(refused.streamId, 'me', { endStream: true }));
  await backend.until(() => third.isWhole && fourth.isWhole, 'both requests');

  assert.deepEqual([third.body, fourth.body].sort(), ['some', 'whole']);
  backend.respond(third, 200, 'yes');
  backend.respond(fourth, 200, 'yes');
  assert.equal((await client.over(refused)).body, 'yes');
  assert.equal((await client.over(whole)).body, 'yes');
});

test('a request with more of a body than is kept is never sent twice', async (t) => {
  const origin = await startHttp2Origin(t);
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const client = await openHttp2Client(t, front.port());
  const refused = client.request('/', { method: 'PUT', endStream: false });
  for (let i = 0; i < 3; i++) client.send(data(refused.streamId, 'x'.repeat(8000)));
  const backend = await origin.connection();
  const request = await backend.request(0);
  await backend.until(() => request.body.length === 24_000, 'what has come');

  backend.send(rstStream(request.streamId, 'REFUSED_STREAM'));

  assert.equal((await client.over(refused)).status, 502);
  assert.equal(origin.requests.length, 1);
});

test('behind a graceful GOAWAY streams end as they would, and new ones are on another connection', async (t) => {
  const origin = await startHttp2Origin(t);
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const client = await openHttp2Client(t, front.port());
  const old = client.request('/old', { method: 'POST', endStream: false });
  const first = await origin.connection();
  const request = await first.request();

  first.send(goaway(0x7fffffff, 'NO_ERROR'));
  first.respond(request, 200, 'half', { end: false });
  await client.until(() => old.body === 'half', 'half of it');
  const young = client.request('/young');
  const second = await origin.connection(1);
  second.respond(await second.request(), 200, 'young');
  assert.equal((await client.over(young)).body, 'young');
  first.send(goaway(request.streamId, 'NO_ERROR'));
  await client.sendBody(old, Buffer.from('body'));
  await first.until(() => request.isWhole, 'the rest of the body');
  first.send(data(request.streamId, ' whole', { endStream: true }));

  assert.equal((await client.over(old)).body, 'half whole');
  assert.equal(request.body, 'body');
  assert.equal(await first.peer.untilEnded(), 'end');
  assert.equal(front.upstreamConnections, 1);
});

test('streams behind the last one of a GOAWAY are sent again elsewhere, with any method', async (t) => {
  const origin = await startHttp2Origin(t);
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const client = await openHttp2Client(t, front.port());
  const exchanges = ['/0', '/1', '/2'].map((path) => client.request(path, { method: 'POST' }));
  const first = await origin.connection();
  await first.request(2);

  first.send(goaway(first.requests[0]!.streamId, 'ENHANCE_YOUR_CALM', 'leave me alone'));
  const second = await origin.connection(1);
  for (const [i, path] of ['/1', '/2'].entries()) {
    const request = await second.request(i);
    second.respond(request, 200, request.path);
    assert.equal((await client.over(exchanges[i + 1]!)).body, path);
  }
  first.respond(first.requests[0]!, 200, '/0');

  assert.equal((await client.over(exchanges[0]!)).body, '/0');
  assert.deepEqual(
    front.exchanges.map(({ attempts }) => attempts),
    [1, 1, 1],
  );
  assert.equal(front.count('instanceEjected'), 0);
});

test('a GOAWAY may come down on what an earlier one had spared', async (t) => {
  const origin = await startHttp2Origin(t);
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const client = await openHttp2Client(t, front.port());
  const exchange = client.request('/');
  const first = await origin.connection();
  const request = await first.request();

  first.send(goaway(request.streamId, 'NO_ERROR'), goaway(0, 'INTERNAL_ERROR'));
  const second = await origin.connection(1);
  second.respond(await second.request(), 204);

  assert.equal((await client.over(exchange)).status, 204);
  assert.equal(await first.peer.untilEnded(), 'end');
});

test('an instance that goes away from every connection is given up after three repetitions', async (t) => {
  const origin = await startHttp2Origin(t, {
    script: (backend) => {
      backend.onRequest = () => void backend.send(goaway(0, 'NO_ERROR'));
    },
  });
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const client = await openHttp2Client(t, front.port());

  assert.equal((await client.get('/')).status, 502);
  assert.equal(origin.requests.length, 4);
  await front.until(() => front.upstreamConnections === 0, 'the end of the connections');
});

test('a GOAWAY to a connection that is idle closes it', async (t) => {
  const origin = await startHttp2Origin(t, { script: answeringHttp2('x') });
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const client = await openHttp2Client(t, front.port());
  await client.get('/');
  const backend = await origin.connection();

  backend.send(goaway(1, 'NO_ERROR'));

  assert.equal(await backend.peer.untilEnded(), 'end');
  await front.until(() => front.upstreamConnections === 0);
  assert.equal((await client.get('/')).body, 'x');
});

test('an idle connection that the instance ends is not used again', async (t) => {
  const origin = await startHttp2Origin(t, { script: answeringHttp2('x') });
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const client = await openHttp2Client(t, front.port());
  await client.get('/');

  (await origin.connection()).peer.end();
  await front.until(() => front.upstreamConnections === 0);

  assert.equal((await client.get('/')).body, 'x');
});
