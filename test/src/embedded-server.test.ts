import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigError, type ConfigInput, createServer } from '../../src/index.ts';
import { configFor, echoOrigin, startEmbedded } from '../support/embedded.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

test('a program starts a front end from an object, asks its status and stops it', async (t) => {
  const origin = await echoOrigin(t);
  const server = createServer(configFor(origin));

  assert.equal(server.status().state, 'starting');
  const [listener] = await server.start();
  t.after(() => server.stop());
  const response = await fetch(`http://127.0.0.1:${listener!.port}/cart`, {
    headers: { connection: 'close' },
  });

  assert.equal(await response.text(), '/cart as 127.0.0.1');
  assert.equal(server.status().state, 'running');
  assert.deepEqual(server.status().clusters[0]!.instances[0]!.address, origin);
  await server.stop();
  assert.equal(server.status().state, 'stopped');
});

test('a program starts a front end from a file, and reads it anew to reload', async (t) => {
  const file = join(temporaryDirectory(t), 'portico.yaml');
  const write = (body: string) =>
    writeFileSync(
      file,
      `listen: [{ address: "127.0.0.1:0" }]\ntenants: { a: { hosts: [localhost], routes: [{ respond: { status: 200, body: ${body} } }] } }\n`,
    );
  write('before');
  const server = createServer({ file });
  const [listener] = await server.start();
  t.after(() => server.stop());
  const ask = async () => (await fetch(`http://localhost:${listener!.port}/`)).text();

  assert.equal(await ask(), 'before');
  write('after');
  await server.reload({ file });
  assert.equal(await ask(), 'after');
  assert.equal(server.status().generation, 2);
});

test('a configuration that is not good is refused with every problem, and a running server keeps its own', async (t) => {
  const bad = { listen: [{ address: '127.0.0.1:0', tsl: true }], drain: 10 } as unknown as ConfigInput;

  assert.throws(
    () => createServer(bad),
    (error) =>
      error instanceof ConfigError &&
      error.problems.map(({ path }) => path).join() === 'drain,listen[0].tsl' &&
      /unknown key "tsl"/.test(error.message),
  );

  const server = createServer(configFor(await echoOrigin(t)));
  const [listener] = await server.start();
  t.after(() => server.stop());
  await assert.rejects(server.reload(bad), ConfigError);
  const response = await fetch(`http://127.0.0.1:${listener!.port}/`);
  assert.equal(response.status, 200);
  assert.equal(server.status().generation, 1);
});

test('certificates by ACME are refused, with what to do instead', () => {
  const config: ConfigInput = {
    listen: [{ address: '127.0.0.1:0' }],
    certificates: [{ hosts: ['a.example.org'], acme: { terms: 'agreed', storage: 'acme' } }],
  };

  assert.throws(() => createServer(config), {
    name: 'ConfigError',
    message: /obtains no certificates by ACME.*as cert and key/s,
  });
});

test('an access log is written only where the program asks for one', async (t) => {
  const lines: string[] = [];
  const { ask, server } = await startEmbedded(t, { accessLog: { write: (line) => lines.push(line) } });

  const response = await ask('/a?b=c');
  await response.text();
  await server.stop();

  assert.equal(lines.length, 1);
  assert.equal(JSON.parse(lines[0]!).path, '/a?b=c');
  assert.equal(JSON.parse(lines[0]!).status, 200);
});

test('the access log tells how long a body took to be sent, on a new and on a kept connection to the backend', async (t) => {
  const lines: string[] = [];
  const { port, server } = await startEmbedded(t, { accessLog: { write: (line) => lines.push(line) } });
  const post = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: 'x'.repeat(100) });
    await response.text();
  };

  await post();
  await post();
  await server.stop();

  const phases = lines.map((line) => Object.keys(JSON.parse(line).timings));
  assert.deepEqual(phases, [
    ['total', 'connect', 'send', 'responseHeader', 'responseBody'],
    ['total', 'send', 'responseHeader', 'responseBody'],
  ]);
});

test('modules run in their order, and each sees what the one before has left', async (t) => {
  const { ask } = await startEmbedded(t, {
    modules: ['one', 'two'].map((name) => ({
      name,
      handlers: {
        beforeLocation(exchange) {
          exchange.path += `/${name}`;
          return { kind: 'continue' };
        },
      },
      rewriteResponse: (_head, headers) => [...headers, 'x-passed', name],
    })),
  });

  const response = await ask('/path');

  assert.equal(await response.text(), '/path/one/two as 127.0.0.1');
  assert.equal(response.headers.get('x-passed'), 'one, two');
});

test('a module answers in place of the backend', async (t) => {
  const { ask } = await startEmbedded(t, {
    modules: [
      {
        name: 'teapot',
        handlers: {
          foundTenant: ({ path }) =>
            path === '/tea'
              ? { kind: 'respond', status: 418, headers: ['x-pot', 'round'], body: 'no coffee' }
              : { kind: 'continue' },
        },
      },
    ],
  });

  const refused = await ask('/tea');

  assert.equal(refused.status, 418);
  assert.equal(refused.headers.get('x-pot'), 'round');
  assert.equal(await refused.text(), 'no coffee');
  assert.equal((await ask('/coffee')).status, 200);
});
