import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import {
  type ConfigInput,
  createServer,
  type EmbeddedServer,
  type Handler,
  type Logger,
  type ServerOptions,
} from '../../src/index.ts';
import { openClient, requestText } from '../support/client.ts';
import { configFor } from '../support/embedded.ts';
import { openHttp2Client } from '../support/http2-client.ts';
import { startOrigin } from '../support/origin.ts';
import { PATIENCE_MS } from '../support/peer.ts';
import { openWebSocket, startWebSocketEcho } from '../support/websockets.ts';

interface Watched {
  readonly server: EmbeddedServer;
  readonly port: number;
  /** State and protocol of each change, in order. */
  readonly changes: string[];
  /** Waits for the first change to a state. */
  until(state: string): Promise<void>;
}

async function watch(
  t: TestContext,
  what: Handler | ConfigInput,
  options: ServerOptions = {},
): Promise<Watched> {
  const changes: string[] = [];
  const hooks: ServerOptions = {
    connState: ({ protocol }, state) => void changes.push(`${state} ${protocol}`.trim()),
    ...options,
  };
  const server =
    'listen' in what
      ? createServer(what, hooks)
      : createServer(what as Handler, { listen: '127.0.0.1:0', ...hooks });
  const [listener] = await server.start();
  t.after(() => server.close());
  const until = async (state: string): Promise<void> => {
    const patience = AbortSignal.timeout(PATIENCE_MS);
    while (!changes.some((change) => change.startsWith(state))) {
      if (patience.aborted) assert.fail(`never ${state}: ${changes}`);
      await delay(1);
    }
  };
  return { server, port: listener!.port, changes, until };
}

const hello: Handler = (_, response) => void response.end('hello');

test('a connection of HTTP/1 is new, active with the first byte of each request, idle between, and closed', async (t) => {
  const { port, changes, until } = await watch(t, hello);
  const client = await openClient(t, port);
  await until('new');

  client.send('GET / HT');
  await until('active');
  client.send('TP/1.1\r\nHost: a\r\n\r\n');
  await client.message();
  client.send(requestText('GET /') + requestText('GET /'));
  await client.message();
  await client.message();
  client.end();
  await until('closed');

  assert.deepEqual(changes, [
    'new',
    'active http/1.1',
    'idle http/1.1',
    'active http/1.1',
    'idle http/1.1',
    'active http/1.1',
    'idle http/1.1',
    'closed http/1.1',
  ]);
});

test('a connection of HTTP/2 is active from its first stream to the end of its last', async (t) => {
  const gates: (() => void)[] = [];
  const { port, changes, until } = await watch(t, async (request, response) => {
    if (request.path === '/wait') await new Promise<void>((resolve) => gates.push(resolve));
    response.end('done');
  });
  const client = await openHttp2Client(t, port);

  const [one, two] = [client.request('/wait'), client.request('/wait')];
  while (gates.length < 2) await delay(1);
  gates[0]!();
  await client.over(one);
  await client.get('/');
  gates[1]!();
  await client.over(two);
  await until('idle');
  await client.get('/');
  client.peer.end();
  await until('closed');

  assert.deepEqual(changes, ['new', 'active h2', 'idle h2', 'active h2', 'idle h2', 'closed h2']);
});

test('a connection of HTTP/2 whose request is answered and goes no further was active too', async (t) => {
  const { port, changes, until } = await watch(t, hello);
  const client = await openHttp2Client(t, port);

  const tooMany = Array.from({ length: 201 }, (_, i) => [`x-${i}`, ''] as const);
  assert.equal((await client.get('/', tooMany)).status, 431);
  await until('idle');

  assert.deepEqual(changes, ['new', 'active h2', 'idle h2']);
});

test('a WebSocket is hijacked, and closed at its end', async (t) => {
  const { port, changes, until } = await watch(t, configFor(await startWebSocketEcho(t, 'HTTP/1.1')));

  const client = await openWebSocket(t, port, 'HTTP/1.1');
  client.close();
  await once(client, 'close');
  await until('closed');

  assert.deepEqual(changes, ['new', 'active http/1.1', 'hijacked http/1.1', 'closed http/1.1']);
});

test('a stream is hijacked from its beginning', async (t) => {
  const origin = await startOrigin(t);
  const { port, changes, until } = await watch(t, {
    listen: [{ address: '127.0.0.1:0', stream: 'web' }],
    clusters: { web: { instances: [{ address: origin.address }] } },
  });

  const client = await openClient(t, port);
  client.end('hello');
  const instance = await origin.next();
  await instance.untilText('hello');
  instance.end();
  await until('closed');

  assert.deepEqual(changes, ['new', 'hijacked stream', 'closed stream']);
});

test('a hook that throws, now or later, costs nobody anything and is reported', async (t) => {
  const reported: unknown[] = [];
  const { port } = await watch(t, hello, {
    logger: recording(reported),
    connState: (_, state) => {
      if (state === 'new') throw new Error('thrown');
      return Promise.reject(new Error(`rejected ${state}`));
    },
  });
  const client = await openClient(t, port);

  client.send(requestText('GET /'));
  assert.equal((await client.message()).body, 'hello');
  client.end();
  await client.untilEnded();
  while (reported.length < 4) await nextTurn();

  assert.deepEqual(
    reported.map((fields) => [
      (fields as { hook: string }).hook,
      /Error: (.*)/.exec((fields as { error: string }).error)?.[1],
    ]),
    [
      ['connState', 'thrown'],
      ['connState', 'rejected active'],
      ['connState', 'rejected idle'],
      ['connState', 'rejected closed'],
    ],
  );
});

test('a hook may close the server, whatever the state', async (t) => {
  for (const wanted of ['new', 'active', 'idle'] as const) {
    for (const speak of [
      async (port: number) => {
        const client = await openClient(t, port);
        client.send(requestText('GET /'));
        await client.untilEnded();
      },
      async (port: number) => {
        const client = await openHttp2Client(t, port);
        client.request('/');
        await client.peer.untilEnded();
      },
    ]) {
      let closed: Promise<unknown> | undefined;
      const { server, port } = await watch(t, hello, {
        connState: (_, state) => {
          if (state === wanted) closed = Promise.all([server.close(), server.close()]);
        },
      });

      await speak(port);
      await closed;

      assert.equal(server.status().state, 'stopped', wanted);
      assert.equal(server.status().sessions, 0);
    }
  }
});

test('handlers and modules see the context of the listener, or what a hook has made of it for the connection', async (t) => {
  const seen: unknown[] = [];
  const answer: Handler = (request, response) => response.json(request.session.context);
  const bases: string[] = [];
  const baseContext: ServerOptions['baseContext'] = ({ text }) => {
    bases.push(text);
    return { site: text };
  };
  const shared = await watch(t, answer, { baseContext });
  const own = await watch(t, answer, {
    baseContext,
    connContext: (session, base) => ({ ...(base as object), from: session.remoteAddress }),
    modules: [
      {
        name: 'sees',
        handlers: {
          accept(session) {
            seen.push(session.context);
            return { kind: 'continue' };
          },
        },
      },
    ],
  });

  const ask = async (port: number) => (await fetch(`http://127.0.0.1:${port}/`)).json();
  assert.deepEqual(await ask(shared.port), { site: '127.0.0.1:0' });
  assert.deepEqual(await ask(own.port), { site: '127.0.0.1:0', from: '127.0.0.1' });
  assert.deepEqual(seen, [{ site: '127.0.0.1:0', from: '127.0.0.1' }]);
  assert.deepEqual(bases, ['127.0.0.1:0', '127.0.0.1:0']);
});

test('a listener whose context cannot be had is not opened, and a connection whose context cannot be had is closed', async (t) => {
  const bad = createServer(hello, {
    listen: '127.0.0.1:0',
    baseContext: () => {
      throw new Error('no context');
    },
  });
  await assert.rejects(bad.start(), /no context/);
  assert.deepEqual(bad.status().listeners, []);

  const reported: unknown[] = [];
  let isBad = true;
  const { port, changes } = await watch(t, hello, {
    logger: recording(reported),
    connContext: () => {
      if (isBad) throw new Error('not now');
      return undefined;
    },
  });
  const refused = await openClient(t, port);
  await refused.untilEnded();
  isBad = false;
  const client = await openClient(t, port);
  client.send(requestText('GET /'));
  assert.equal((await client.message()).status, 200);

  assert.deepEqual(changes, ['new', 'active http/1.1', 'idle http/1.1']);
  assert.deepEqual(
    reported.map((fields) => (fields as { hook: string }).hook),
    ['connContext'],
  );
});

function recording(errors: unknown[]): Logger {
  const quiet = (): void => {};
  const keep = (fields: object): void => void errors.push(fields);
  return { trace: quiet, debug: quiet, info: quiet, warn: quiet, error: keep, fatal: keep } as never;
}
