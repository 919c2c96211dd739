import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront } from '../support/front.ts';
import { openHttp2Client } from '../support/http2-client.ts';
import { answeringHttp2, H2C, startHttp2Origin } from '../support/http2-origin.ts';
import { data, settings, windowUpdate } from '../support/http2-wire.ts';
import { ok, startOrigin } from '../support/origin.ts';

test('what is sent first are preface, SETTINGS without push, and a window for the connection', async (t) => {
  const origin = await startHttp2Origin(t);
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const client = await openClient(t, front.port());
  client.send(requestText('GET /'));

  const backend = await origin.connection();
  await backend.request();

  const [first, second] = backend.frames;
  assert.equal(first!.type, 4);
  await backend.frame('SETTINGS ENABLE_PUSH=0');
  assert.equal(second!.type, 8);
  assert.equal(second!.streamId, 0);
});

test('no request is sent before the instance has greeted', async (t) => {
  const origin = await startHttp2Origin(t, { settings: 'silent' });
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const client = await openHttp2Client(t, front.port());
  const exchange = client.request('/');
  const backend = await origin.connection();
  await backend.frame('WINDOW_UPDATE stream=0');
  await client.sync();

  assert.deepEqual(backend.requests, []);
  backend.send(settings());
  backend.respond(await backend.request(), 204);

  assert.equal((await client.over(exchange)).status, 204);
});

test('an instance that never sends SETTINGS is one that could not be connected to', async (t) => {
  const silent = await startHttp2Origin(t, { settings: 'silent' });
  const good = await startHttp2Origin(t, { script: answeringHttp2('good') });
  const front = await startFront(
    t,
    plainConfig([silent.address, good.address], '', `${H2C}\ntimeouts: { connect: 100ms }`),
  );
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));
  const answer = await client.message();

  assert.equal(answer.body, 'good');
  assert.equal(front.exchanges[0]!.attempts, 2);
  await (await silent.connection()).peer.untilEnded();
  assert.equal(front.instances()[0]!.openConnections, 0);
});

for (const [what, said] of [
  ['answers the preface in HTTP/1.1', 'HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'],
  ['speaks another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
] as const) {
  test(`an instance that ${what} is one that could not be connected to`, async (t) => {
    const origin = await startOrigin(t, (connection) => void connection.send(said));
    const front = await startFront(t, plainConfig([origin.address], '', H2C));
    const client = await openClient(t, front.port());

    client.send(requestText('POST /', ['content-length: 4'])).send('body');
    const answer = await client.message();

    assert.equal(answer.status, 502);
    const { error } = front.exchanges[0]!;
    assert.equal(error?.name, 'connect-failed');
    assert.match(error.detail, /^no HTTP\/2: (frame-too-large|settings-first): /);
    assert.equal(front.upstreamConnections, 0);
  });
}

test('an instance that ends before it has greeted is one that could not be connected to', async (t) => {
  const origin = await startOrigin(t, (connection) => void connection.end());
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));

  assert.equal((await client.message()).status, 502);
  assert.equal(front.exchanges[0]!.error?.detail, 'ended before SETTINGS');
});

for (const limit of [1, 3]) {
  test(`an instance that allows ${limit} at once gets no more, on further connections, and nothing is lost`, async (t) => {
    const open = new Map<unknown, number>();
    let most = 0;
    const origin = await startHttp2Origin(t, {
      settings: [['MAX_CONCURRENT_STREAMS', limit]],
      script: (backend) => {
        backend.onRequest = () => {
          open.set(backend, (open.get(backend) ?? 0) + 1);
          most = Math.max(most, open.get(backend)!);
        };
        backend.onWhole = (request) => {
          setImmediate(() => {
            open.set(backend, open.get(backend)! - 1);
            backend.respond(request, 200, request.body);
          });
        };
      },
    });
    const front = await startFront(t, plainConfig([origin.address], '', H2C));
    const client = await openHttp2Client(t, front.port());

    const bodies = Array.from({ length: 24 }, (_, i) => `${i}`.repeat(1000));
    const answers = await Promise.all(bodies.map((body) => client.post('/', Buffer.from(body))));

    assert.deepEqual(
      answers.map(({ body }) => body),
      bodies,
    );
    assert.equal(most, limit);
    assert.ok(origin.raw.connections.length > 1);
    await front.until(() => front.exchanges.length === 24);
    for (const { attempts, error } of front.exchanges) assert.deepEqual([attempts, error], [1, undefined]);
  });
}

test('a limit that is lowered while streams are open holds for the next ones, and one that is raised too', async (t) => {
  const origin = await startHttp2Origin(t);
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const client = await openHttp2Client(t, front.port());
  const first = [client.request('/1'), client.request('/2')];
  const backend = await origin.connection();
  await backend.request(1);

  backend.send(settings([['MAX_CONCURRENT_STREAMS', 1]]));
  await backend.until(
    () => backend.frames.filter(({ type, flags }) => type === 4 && flags === 1).length === 2,
  );
  const third = client.request('/3');
  const other = await origin.connection(1);
  other.respond(await other.request(), 200, 'other');
  assert.equal((await client.over(third)).body, 'other');

  other.send(settings([['MAX_CONCURRENT_STREAMS', 0]]));
  backend.send(settings([['MAX_CONCURRENT_STREAMS', 3]]));
  await backend.until(
    () => backend.frames.filter(({ type, flags }) => type === 4 && flags === 1).length === 3,
  );
  await other.until(() => other.frames.filter(({ type, flags }) => type === 4 && flags === 1).length === 2);
  const fourth = client.request('/4');
  backend.respond(await backend.request(2), 200, 'again');
  assert.equal((await client.over(fourth)).body, 'again');

  for (const request of backend.requests.slice(0, 2)) backend.respond(request, 204);
  for (const exchange of first) assert.equal((await client.over(exchange)).status, 204);
  assert.equal(origin.raw.connections.length, 2);
});

test('an instance that takes no streams at all is answered for with 502, and used when it takes some', async (t) => {
  const origin = await startHttp2Origin(t, { settings: [['MAX_CONCURRENT_STREAMS', 0]] });
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const client = await openHttp2Client(t, front.port());

  assert.equal((await client.get('/')).status, 502);
  const backend = await origin.connection();
  backend.send(settings([['MAX_CONCURRENT_STREAMS', 10]]));
  await backend.until(
    () => backend.frames.filter(({ type, flags }) => type === 4 && flags === 1).length === 2,
  );
  const exchange = client.request('/');
  backend.respond(await backend.request(), 204);

  assert.equal((await client.over(exchange)).status, 204);
  assert.equal(origin.raw.connections.length, 1);
});

test('windows of a few octets are kept to, and a change of them holds for streams that are open', async (t) => {
  const origin = await startHttp2Origin(t, { settings: [['INITIAL_WINDOW_SIZE', 3]] });
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const client = await openHttp2Client(t, front.port());
  const posted = client.post('/', Buffer.from('0123456789abcdef'));
  const backend = await origin.connection();
  backend.refills = false;
  const request = await backend.request();

  await backend.until(() => request.body === '012', 'the window');
  backend.send(windowUpdate(request.streamId, 1));
  await backend.until(() => request.body === '0123', 'one more');
  // The window is 0 now; -2 after this, so that 2 open nothing.
  backend.send(settings([['INITIAL_WINDOW_SIZE', 1]]), windowUpdate(request.streamId, 2));
  await backend.until(
    () => backend.frames.filter(({ type, flags }) => type === 4 && flags === 1).length === 2,
  );
  assert.equal(request.body, '0123');
  backend.send(settings([['INITIAL_WINDOW_SIZE', 100]]));
  await backend.until(() => request.isWhole, 'the rest');
  backend.respond(request, 200, 'thanks');

  assert.equal(request.body, '0123456789abcdef');
  assert.equal((await posted).body, 'thanks');
});

test('a table of no size is kept to, and what is encoded after it can be read', async (t) => {
  const origin = await startHttp2Origin(t, {
    settings: [['HEADER_TABLE_SIZE', 0]],
    script: answeringHttp2('read'),
  });
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const client = await openHttp2Client(t, front.port());

  for (let i = 0; i < 3; i++) {
    assert.equal((await client.get('/', [['x-own', 'value']])).body, 'read');
    assert.deepEqual(origin.requests[i]!.values('x-own'), ['value']);
  }
});

test('a response may be larger than the windows, and its client slower than the instance', async (t) => {
  const origin = await startHttp2Origin(t);
  const front = await startFront(t, plainConfig([origin.address], '', H2C));
  const client = await openHttp2Client(t, front.port());
  client.refills = false;
  const slow = client.request('/slow');
  const backend = await origin.connection();
  const request = await backend.request();
  backend.respond(request, 200, '', { end: false });
  const room = () => backend.windows.room(request.streamId);
  let sent = 0;
  // As much as it takes until nothing more is granted: two of its windows are not.
  while (room() > 0) {
    const length = Math.min(room(), 10_000);
    sent += length;
    backend.windows.use(request.streamId, length);
    backend.send(data(request.streamId, Buffer.alloc(length, 'x')));
    await client.sync();
    assert.ok(sent < 2_000_000, 'the instance is held back');
  }

  const quick = client.request('/quick');
  backend.respond(await backend.request(1), 200, '', { fields: [['x-quick', '1']] });
  await client.until(() => quick.headers.get('x-quick') === '1', 'the neighbour');
  client.refills = true;
  client.send(windowUpdate(0, sent), windowUpdate(slow.streamId, sent));
  await client.until(() => slow.bodyBytes === sent, 'all of the slow one');
  backend.send(data(request.streamId, 'end', { endStream: true }));

  assert.equal((await client.over(slow)).bodyBytes, sent + 3);
});

test('a cluster of HTTP/1.1 beside one of HTTP/2 is spoken to as ever', async (t) => {
  const old = await startOrigin(t, (connection) => {
    connection.message().then(() => connection.send(ok('old')));
  });
  const front = await startFront(t, plainConfig([old.address]));
  const client = await openHttp2Client(t, front.port());

  assert.equal((await client.get('/')).body, 'old');
});
