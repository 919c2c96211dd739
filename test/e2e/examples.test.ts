import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { resolve } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { openClient, requestText } from '../support/client.ts';
import { echoOrigin } from '../support/embedded.ts';

const EXAMPLES = resolve(import.meta.dirname, '../../examples');

test('every example is run by a test', () => {
  const examples = globSync('*', { cwd: EXAMPLES }).toSorted();

  assert.deepEqual(examples, [
    'ask-authorization.ts',
    'embed-front-end.ts',
    'grpc-greeter.ts',
    'handlers-beside-clusters.ts',
    'look-up-clients.ts',
    'serve-mux.ts',
    'watch-connections.ts',
    'write-a-module.ts',
  ]);
});

test('embed-front-end serves its own service, reloads on SIGHUP and stops on SIGTERM', async (t) => {
  const { child, url, nextLine } = await startExample(t, 'embed-front-end.ts', '127.0.0.1:0');

  assert.equal(await (await fetch(`${url}/hello`)).text(), '/hello, asked by 127.0.0.1\n');
  const logged = JSON.parse(await nextLine());
  assert.deepEqual([logged.path, logged.status], ['/hello', 200]);

  child.kill('SIGHUP');
  assert.equal(await nextLine(), 'in maintenance');
  const refused = await fetch(`${url}/hello`, { headers: { connection: 'close' } });
  assert.equal(refused.status, 503);
  assert.equal(refused.headers.get('retry-after'), '60');
  assert.equal(await refused.text(), 'Back soon\n');

  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('write-a-module blocks a path and adds a header', async (t) => {
  const { child, url } = await startExample(t, 'write-a-module.ts', '127.0.0.1:0', await echoOrigin(t));

  const served = await fetch(`${url}/`);
  assert.equal(served.headers.get('x-served-by'), 'portico');
  assert.equal(await served.text(), '/ as 127.0.0.1');
  for (const path of ['/admin', '/admin/users', '/admin?a=b']) {
    const blocked = await fetch(url + path, { headers: { connection: 'close' } });
    assert.equal(blocked.status, 403, path);
    assert.equal(await blocked.text(), 'not for visitors of shop\n');
  }
  assert.equal((await fetch(`${url}/administration`)).status, 200);

  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('ask-authorization lets go on whom another service knows, and tells the backend who it is', async (t) => {
  const { child, url } = await startExample(t, 'ask-authorization.ts', '127.0.0.1:0');
  const ask = (authorization: string): Promise<Response> =>
    fetch(url, { headers: { authorization, connection: 'close' } });

  const known = await ask('Bearer ada');
  assert.equal(known.status, 200);
  assert.equal(await known.text(), 'hello ada\n');
  const unknown = await ask('Basic YWRhOg==');
  assert.equal(unknown.status, 401);
  assert.equal(unknown.headers.get('www-authenticate'), 'Bearer');
  assert.equal(await unknown.text(), 'who are you?\n');

  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('look-up-clients lets in whom another service wants, asked or remembered', async (t) => {
  const { child, url } = await startExample(t, 'look-up-clients.ts', '127.0.0.1:0');

  for (let i = 0; i < 2; i++) {
    const wanted = await fetch(url, { headers: { connection: 'close' } });
    assert.equal(await wanted.text(), 'hello\n');
    const unwanted = await openClient(t, Number(new URL(url).port), '127.0.0.1', '127.0.0.2');
    unwanted.send(requestText('GET /'));
    await unwanted.untilEnded();
    assert.equal(unwanted.text, '');
  }

  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('grpc-greeter is greeted by both greeters in turn, and ends by itself', async (t) => {
  const child = spawn(process.execPath, [resolve(EXAMPLES, 'grpc-greeter.ts'), '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const exit = once(child, 'exit');
  const greetings: string[] = [];
  for await (const line of createInterface(child.stdout!)) greetings.push(line);

  assert.deepEqual(greetings, [
    'Hello Ada, says one',
    'Hello Grace, says two',
    'Hello Edith, says one',
    'Hello Barbara, says two',
  ]);
  assert.deepEqual(await exit, [0, null]);
});

test('serve-mux keeps items, sends events and answers as the web does', async (t) => {
  const { child, url } = await startExample(t, 'serve-mux.ts', '127.0.0.1:0');

  assert.deepEqual(await (await fetch(`${url}/items/7`)).json(), { item: 'the seventh' });
  const kept = await fetch(`${url}/items/8`, { method: 'POST', body: 'a new one' });
  assert.deepEqual([kept.status, await kept.text()], [201, 'kept\n']);
  assert.deepEqual(await (await fetch(`${url}/items/8`)).json(), { item: 'a new one' });
  assert.equal((await fetch(`${url}/items/9`)).status, 404);
  assert.equal(await (await fetch(`${url}/events`)).text(), 'data: 1\n\ndata: 2\n\ndata: 3\n\n');
  assert.equal(await (await fetch(`${url}/web/hello`)).text(), 'GET /web/hello\n');

  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('handlers-beside-clusters answers one path itself and the others by its cluster', async (t) => {
  const { child, url } = await startExample(t, 'handlers-beside-clusters.ts', '127.0.0.1:0');

  const login = await fetch(`${url}/login`);
  assert.equal(await login.text(), 'welcome, 127.0.0.1\n');
  assert.equal(login.headers.get('cache-control'), 'no-store');
  const served = await fetch(`${url}/anything`, { headers: { connection: 'close' } });
  assert.equal(await served.text(), 'the service, asked for /anything\n');

  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('watch-connections serves a socket that was opened for it, counts by state, and cuts nobody off who is not busy', async (t) => {
  const opened = createServer().listen(0, '127.0.0.1');
  await once(opened, 'listening');
  const { port } = opened.address() as AddressInfo;
  const { fd } = (opened as unknown as { _handle: { fd: number } })._handle;
  const child = spawn(process.execPath, [resolve(EXAMPLES, 'watch-connections.ts'), '', '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'inherit', fd],
    env: { ...process.env, LISTEN_FDS: '1' },
  });
  t.after(() => child.kill('SIGKILL'));
  opened.close();
  const lines = linesOf(createInterface(child.stdout!));
  assert.equal((await lines.next()).value, `ready on http://127.0.0.1:${port}`);
  const internal = /http:\S+/.exec((await lines.next()).value ?? '')?.[0];

  const greeted = await fetch(`http://127.0.0.1:${port}/`);
  assert.equal(await greeted.text(), 'hello\n');
  const counted = await fetch(internal!);
  assert.deepEqual(await counted.json(), { new: 0, active: 1, idle: 1, hijacked: 0, closed: 0 });

  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  assert.equal((await lines.next()).value, undefined);
  assert.deepEqual(await exit, [0, null]);
});

interface RunningExample {
  readonly child: ChildProcess;
  readonly url: string;
  nextLine(): Promise<string>;
}

/** Starts an example and waits for its `ready on URL`; it ends with the test. */
async function startExample(t: TestContext, name: string, ...args: string[]): Promise<RunningExample> {
  const child = spawn(process.execPath, [resolve(EXAMPLES, name), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const lines = linesOf(createInterface(child.stdout!));
  const nextLine = async () => {
    const { value, done } = await lines.next();
    assert.ok(!done, `${name} ended`);
    return value;
  };
  const url = /^ready on (http:\S+)$/.exec(await nextLine())?.[1];
  assert.ok(url !== undefined);
  return { child, url, nextLine };
}

async function* linesOf(lines: Interface): AsyncGenerator<string, undefined> {
  yield* lines;
  return undefined;
}
