import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { requestBlock } from '../support/http2-request-block.ts';
import { Http2SessionBench } from '../support/http2-session-bench.ts';
import { startHttp2Way } from '../support/http2-ways.ts';
import { headers, ping, rstStream, windowUpdate } from '../support/http2-wire.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { commandMissing, commandPath } from '../support/outside-judge.ts';

// What looks like a flood and is none: clients that do a lot, and must never be ended for it.

test('a browser that gives up a hundred images at once, every ten seconds, is not ended', async () => {
  const bench = new Http2SessionBench();
  await bench.begin();
  let streamId = 1;
  for (let wave = 0; wave < 30; wave++) {
    const ids = Array.from({ length: 100 }, (_, i) => streamId + 2 * i);
    streamId += 200;
    await bench.arrive(...ids.map((id) => headers(id, requestBlock(), { endStream: true })));
    await bench.arrive(...ids.map((id) => rstStream(id, 'CANCEL')));
    await bench.pass(10_000);
  }

  assert.deepEqual(bench.framesOf('GOAWAY'), []);
  assert.equal(bench.front.exchanges.length, 3000);
  bench.driver.destroy();
});

test('a browser that goes back and forth twice in a second, giving up a hundred images each time, is not ended', async () => {
  const bench = new Http2SessionBench();
  await bench.begin();
  for (let wave = 0; wave < 2; wave++) {
    const ids = Array.from({ length: 100 }, (_, i) => 1 + 200 * wave + 2 * i);
    await bench.arrive(...ids.map((id) => headers(id, requestBlock(), { endStream: true })));
    await bench.arrive(...ids.map((id) => rstStream(id, 'CANCEL')));
    await bench.pass(500);
  }

  assert.deepEqual(bench.framesOf('GOAWAY'), []);
  bench.driver.destroy();
});

for (const { name, pings, every } of [
  { name: 'a small window, told of each frame on both levels', pings: false, every: 1 },
  { name: 'pings that measure the connection with each frame', pings: true, every: 1 },
  { name: 'a window that is opened by halves', pings: false, every: 2 },
]) {
  test(`a large download to a client with ${name} costs no points`, async (t) => {
    const bytes = 128 * 1024 * 1024;
    const piece = Buffer.alloc(1024 * 1024);
    const origin = await startHttpOrigin(t, (_, response) => {
      response.writeHead(200, { 'content-length': bytes });
      let left = bytes;
      const pump = () => {
        while (left > 0) {
          left -= piece.length;
          if (!response.write(piece)) {
            response.once('drain', pump);
            return;
          }
        }
        response.end();
      };
      pump();
    });
    const { front, open } = await startHttp2Way(t, 'plain', origin.address);
    const client = await open({ settings: [['INITIAL_WINDOW_SIZE', 65_535]] });
    client.log.keeps = false;
    client.refills = every === 1;
    const exchange = client.request('/');
    exchange.keeps = false;
    let told = 0;
    client.peer.socket.on('data', () => {
      if (pings) client.send(ping('measured'));
      if (every === 1 || exchange.bodyBytes - told < 32_768) return;
      client.send(windowUpdate(0, exchange.bodyBytes - told), windowUpdate(1, exchange.bodyBytes - told));
      told = exchange.bodyBytes;
    });

    await client.peer.until(() => exchange.isOver, 'everything', 60_000);

    assert.equal(exchange.bodyBytes, bytes);
    assert.equal(front.count('glitch'), 0);
    assert.deepEqual(client.goaways, []);
  });
}

test('h2load with a thousand streams on each connection asks for no more than it may, and is never ended', {
  skip: commandMissing('h2load'),
}, async (t) => {
  const origin = await startHttpOrigin(t, (_, response) => response.end('well'));
  const { front } = await startHttp2Way(t, 'plain', origin.address);

  const { stdout } = await promisify(execFile)(commandPath('h2load')!, [
    '-n10000',
    '-c2',
    '-m1000',
    `http://127.0.0.1:${front.port()}/`,
  ]);

  assert.match(stdout, /10000 total, 10000 started, 10000 done, 10000 succeeded, 0 failed, 0 errored/);
  t.diagnostic(`${front.count('glitch')} glitches`);
  assert.equal(front.closedSessions.filter(({ error }) => error !== undefined).length, 0);
});
