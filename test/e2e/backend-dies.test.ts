import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront } from '../support/front.ts';
import { answering, ok, startOrigin } from '../support/origin.ts';
import type { Peer } from '../support/peer.ts';

// The backend goes away at each step of an exchange, by FIN and by RST. Whatever the step: the client learns of it, the
// process lives, nothing is left behind, and the next request is served.

interface Step {
  readonly request: string;
  /** Resolves when the backend is to go. */
  readonly play: (backend: Peer, client: Peer) => Promise<unknown> | undefined;
  /** What becomes of the response, by FIN and by RST. */
  readonly end: 'answered with 502' | 'cut' | 'complete';
  readonly reset: 'answered with 502' | 'cut' | 'complete';
}

const GET = requestText('GET /');
const POST = `${requestText('POST /', ['Content-Length: 1000000'])}`;
const UPGRADE = requestText('GET /', ['Connection: upgrade', 'Upgrade: chat']);
const SWITCHED = 'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\n';

const STEPS: Readonly<Record<string, Step>> = {
  'right after its accept': {
    request: GET,
    play: () => undefined,
    end: 'answered with 502',
    reset: 'answered with 502',
  },
  'after the request head': {
    request: GET,
    play: (backend) => backend.untilText('\r\n\r\n'),
    end: 'answered with 502',
    reset: 'answered with 502',
  },
  'before the request body': {
    request: POST,
    play: (backend) => backend.untilText('\r\n\r\n'),
    end: 'answered with 502',
    reset: 'answered with 502',
  },
  'inside the request body': {
    request: POST + 'x'.repeat(500_000),
    play: (backend) => backend.until(() => backend.receivedBytes >= 500_000),
    end: 'answered with 502',
    reset: 'answered with 502',
  },
  'after an interim response': {
    request: GET,
    play: async (backend, client) => {
      await backend.untilText('\r\n\r\n');
      backend.send('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n');
      await client.untilText('</a>');
    },
    end: 'answered with 502',
    reset: 'answered with 502',
  },
  'inside the response head': {
    request: GET,
    play: async (backend) => {
      await backend.untilText('\r\n\r\n');
      backend.send('HTTP/1.1 200 OK\r\ncontent-');
    },
    end: 'answered with 502',
    reset: 'answered with 502',
  },
  'right after a sized response head': {
    request: GET,
    play: (backend, client) => respond(backend, client, 'content-length: 5\r\nmark: here\r\n\r\n', 'here'),
    end: 'cut',
    reset: 'cut',
  },
  'inside a sized body': {
    request: GET,
    play: (backend, client) => respond(backend, client, 'content-length: 9\r\n\r\nhello', 'hello'),
    end: 'cut',
    reset: 'cut',
  },
  'inside a chunked body': {
    request: GET,
    play: (backend, client) =>
      respond(backend, client, 'transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n', 'hello'),
    end: 'cut',
    reset: 'cut',
  },
  'inside the trailers': {
    request: GET,
    play: (backend, client) =>
      respond(backend, client, 'transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nx: y\r\n', 'hello'),
    end: 'cut',
    reset: 'cut',
  },
  'inside a body until close': {
    request: GET,
    play: (backend, client) => respond(backend, client, '\r\nhello', 'hello'),
    end: 'complete',
    reset: 'cut',
  },
  'inside a response to a request that is not complete': {
    request: POST,
    play: (backend, client) => respond(backend, client, 'content-length: 9\r\n\r\nhello', 'hello'),
    end: 'cut',
    reset: 'cut',
  },
  'inside a tunnel': {
    request: UPGRADE,
    play: async (backend, client) => {
      await backend.untilText('\r\n\r\n');
      backend.send(`${SWITCHED}hello`);
      await client.untilText('hello');
      client.send('ping');
      await backend.untilText('ping');
    },
    end: 'complete',
    reset: 'cut',
  },
};

const ERROR_NAMES = { 'answered with 502': 'connection-lost', cut: 'response-cut', complete: undefined };

async function respond(backend: Peer, client: Peer, rest: string, seen: string): Promise<void> {
  await backend.untilText('\r\n\r\n');
  backend.send(`HTTP/1.1 200 OK\r\n${rest}`);
  await client.untilText(seen);
}

for (const [when, step] of Object.entries(STEPS)) {
  for (const how of ['end', 'reset'] as const) {
    test(`when the backend goes by ${how === 'end' ? 'FIN' : 'RST'} ${when}, the response is ${step[how]}`, async (t) => {
      let isFirst = true;
      const origin = await startOrigin(t, (backend) => {
        if (!isFirst) answering(ok('well'))(backend);
        isFirst = false;
      });
      const front = await startFront(t, plainConfig([origin.address]));
      const client = await openClient(t, front.port());

      client.send(step.request);
      const backend = await origin.next();
      await step.play(backend, client);
      if (how === 'end') backend.socket.destroySoon();
      else backend.reset();

      if (step[how] === 'answered with 502') {
        let answer = await client.message();
        while (answer.status < 200) answer = await client.message();
        assert.equal(answer.status, 502);
      } else if (step.request === UPGRADE) {
        assert.equal(await client.untilEnded(), how === 'end' ? 'end' : 'error');
        client.end();
      } else if (step[how] === 'complete') {
        assert.equal((await client.message()).body, 'hello');
      } else {
        await client.untilEnded();
        await assert.rejects(client.message());
      }
      client.end();
      await front.settled();
      assert.equal(front.upstreamConnections, 0);
      const [exchange] = front.exchanges;
      const isGood = step[how] === 'complete';
      assert.equal(exchange?.error?.side, isGood ? undefined : 'upstream');
      // A reset at the accept may be seen before the connection stands.
      if (when !== 'right after its accept') assert.equal(exchange?.error?.name, ERROR_NAMES[step[how]]);

      const next = await openClient(t, front.port());
      next.send(GET);
      assert.equal((await next.message()).body, 'well');
    });
  }
}

test('a backend that ends its direction while it still reads keeps its tunnel in the other one', async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(t, plainConfig([origin.address]));
  const client = await openClient(t, front.port());

  client.send(UPGRADE);
  const backend = await origin.next();
  await backend.untilText('\r\n\r\n');
  backend.end(`${SWITCHED}bye`);
  assert.equal(await client.untilEnded(), 'end');
  client.send('one more thing');
  client.end();
  await backend.untilText('one more thing');
  assert.equal(await backend.untilEnded(), 'end');

  assert.match(client.text, /bye$/);
  await front.settled();
  assert.equal(front.upstreamConnections, 0);
  assert.equal(front.exchanges[0]?.error, undefined);
});
