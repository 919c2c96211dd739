import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, watch, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { PorticoProcess, smallConfig, writeConfig } from '../support/portico-process.ts';

const origin: Server = createHttpServer((_incoming, response) => held.push(() => response.end('hello\n')));
const held: (() => void)[] = [];
const started = new Set<PorticoProcess>();
let originPort = 0;

before(async () => {
  origin.listen(0, '127.0.0.1');
  await once(origin, 'listening');
  originPort = (origin.address() as AddressInfo).port;
});

after(() => {
  // Those of tests that failed half-way.
  for (const portico of started) portico.signal('SIGKILL');
  origin.close();
  origin.closeAllConnections();
});

test('SIGUSR1 lets log rotation move the access log away, and no line is lost', async () => {
  const file = writeConfig(smallConfig(originPort).replace('access: off', 'access: { file: access.log }'));
  const log = join(dirname(file), 'access.log');
  const portico = await start(file);

  await served(portico, '/before');
  renameSync(log, `${log}.1`);
  portico.signal('SIGUSR1');
  await appears(log);
  await served(portico, '/after');
  assert.equal(await portico.stop(), 0);

  // The two requests may have met different workers, and the second one may not have opened its file anew yet.
  const lines = readFileSync(`${log}.1`, 'utf8') + readFileSync(log, 'utf8');
  assert.deepEqual(lines.match(/"path":"[^"]*"/g)!.toSorted(), ['"path":"/after"', '"path":"/before"']);
  assert.match(readFileSync(`${log}.1`, 'utf8'), /before/);
  assert.equal(portico.stderr, '', 'no debugger was started');
});

test('Ctrl-C in a terminal, which reaches the workers too, lets what is in flight finish', async () => {
  const portico = await start(writeConfig(smallConfig(originPort)), { isGroup: true });
  const answer = get(portico.port(), '/');
  await heldRequest();

  process.kill(-portico.child.pid!, 'SIGINT');
  await portico.line(/stopping/);
  held.pop()!();

  assert.equal(await answer, 'hello\n');
  assert.equal((await portico.exited).code, 0);
});

test('who has no answer when the drain time is over is told so, and the exit is clean', async () => {
  const config = smallConfig(originPort).replace('drain: 2s', 'drain: 100ms');
  const portico = await start(writeConfig(config));
  const answer = get(portico.port(), '/');
  await heldRequest();

  portico.signal('SIGTERM');

  assert.match(await answer, /^503 Service Unavailable\ndraining: /);
  assert.equal((await portico.exited).code, 0);
  held.pop();
});

test('SIGHUP to the whole group during the start reloads when it is over: the file may have changed since it was read', async () => {
  const file = writeConfig(smallConfig(originPort));
  const portico = new PorticoProcess(['run', '-c', file], { isGroup: true });
  started.add(portico);
  await portico.line(/admin on/);
  writeFileSync(file, readFileSync(file, 'utf8').replace('workers: 2', 'workers: 1'));
  process.kill(-portico.child.pid!, 'SIGHUP');

  await portico.line(/configuration reloaded/);
  assert.equal((await portico.admin('/status')).json().workers.length, 1);
  assert.equal(await portico.stop(), 0);
  started.delete(portico);
});

async function start(file: string, options: { isGroup?: boolean } = {}): Promise<PorticoProcess> {
  const portico = new PorticoProcess(['run', '-c', file], options);
  started.add(portico);
  void portico.exited.then(() => started.delete(portico));
  return portico.ready();
}

async function served(portico: PorticoProcess, path: string): Promise<void> {
  const answer = get(portico.port(), path);
  await heldRequest();
  held.pop()!();
  await answer;
}

async function get(port: number, path: string): Promise<string> {
  const call = request({ host: '127.0.0.1', port, path, agent: false });
  call.end();
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return text;
}

/** Resolves when the origin holds a request. */
async function heldRequest(): Promise<void> {
  if (held.length === 0) await once(origin, 'request');
}

async function appears(file: string): Promise<void> {
  const watcher = watch(dirname(file));
  while (!existsSync(file)) await once(watcher, 'change');
  watcher.close();
}
