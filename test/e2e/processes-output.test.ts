import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { createServer as createHttpServer, request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { smallConfig, writeConfig } from '../support/portico-process.ts';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
const REQUESTS = 400;

/**
 * A pipe keeps only 4 KiB of a write together. Where several processes write to a full one, larger writes tear each
 * other's lines; so the pipe is full here while all workers write.
 */
test('lines of several workers arrive whole through a pipe whose reader was slow', async () => {
  const origin = createHttpServer((_incoming, response) => response.end('hello\n')).listen(0, '127.0.0.1');
  await once(origin, 'listening');
  const pipe = join(mkdtempSync(join(tmpdir(), 'portico-')), 'stdout');
  assert.equal(spawnSync('mkfifo', [pipe]).status, 0);
  const port = await freePort();
  const config = smallConfig((origin.address() as AddressInfo).port)
    .replace('listen: [{ address: "127.0.0.1:0" }]', `listen: [{ address: "127.0.0.1:${port}" }]`)
    .replace('access: off', 'access: stdout');
  // Opened for reading and writing: opening it only for writing would wait for a reader.
  const portico = spawn(process.execPath, [MAIN, 'run', '-c', writeConfig(config)], {
    stdio: ['ignore', openSync(pipe, 'r+'), 'inherit'],
  });

  await answers(port);
  const path = `/${'x'.repeat(1500)}`;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let i = 0; i < REQUESTS / 8; i += 1) await get(port, path);
    }),
  );
  const lines = await readUntil(pipe, portico, /"msg":"stopped"/);
  origin.close();

  const records = lines.map((line) => JSON.parse(line) as { type?: string; path?: string });
  const access = records.filter((record) => record.type === 'access' && record.path !== '/first');
  assert.equal(access.length, REQUESTS);
  assert.ok(access.every((record) => record.path === path));
});

test('a server goes on answering when nothing that it says can be kept, and counts what it drops', {
  skip: !existsSync('/dev/full'),
}, async () => {
  const origin = createHttpServer((_incoming, response) => response.end('hello\n')).listen(0, '127.0.0.1');
  await once(origin, 'listening');
  const [port, adminPort] = [await freePort(), await freePort()];
  const common = smallConfig((origin.address() as AddressInfo).port)
    .replace('workers: 2', 'workers: 1')
    .replace('listen: [{ address: "127.0.0.1:0" }]', `listen: [{ address: "127.0.0.1:${port}" }]`)
    .replace('admin: { address: "127.0.0.1:0" }', `admin: { address: "127.0.0.1:${adminPort}" }`);
  for (const access of ['stdout', '{ file: /dev/full }']) {
    const full = openSync('/dev/full', 'w');
    const file = writeConfig(common.replace('access: off', `access: ${access}`));
    const portico = spawn(process.execPath, [MAIN, 'run', '-c', file], { stdio: ['ignore', full, full] });
    closeSync(full);
    const exited = once(portico, 'exit');
    await answers(port);

    // More than one batch of lines: writing fails more than once.
    const path = `/${'x'.repeat(1500)}`;
    for (let i = 0; i < 40; i += 1) assert.equal(await get(port, path), 200);
    if (access !== 'stdout') await dropped(adminPort, 41);

    assert.equal(await get(port, path), 200);
    assert.equal(portico.kill('SIGTERM'), true);
    assert.deepEqual(await exited, [0, null]);
  }
  origin.close();
});

async function dropped(adminPort: number, lines: number): Promise<void> {
  const counter = /^portico_access_log_lines_dropped_total (\d+)$/m;
  let seen: string | undefined;
  while (Number(seen) < lines || seen === undefined) {
    const metrics = await fetch(`http://127.0.0.1:${adminPort}/metrics`, {
      headers: { connection: 'close' },
    });
    seen = counter.exec(await metrics.text())?.[1];
  }
}

/** Stops the process and reads what it has written until the last line. */
async function readUntil(pipe: string, portico: ChildProcess, last: RegExp): Promise<string[]> {
  const handle = await open(pipe);
  const exited = once(portico, 'exit');
  portico.kill('SIGTERM');
  let text = '';
  while (!last.test(text.slice(-500))) {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096));
    text += buffer.toString('utf8', 0, bytesRead);
  }
  await handle.close();
  await exited;
  return text.trimEnd().split('\n');
}

async function answers(port: number): Promise<void> {
  while ((await get(port, '/first').catch(() => 0)) !== 200)
    await new Promise((resolve) => setImmediate(resolve));
}

async function get(port: number, path: string): Promise<number> {
  const call = request({ host: '127.0.0.1', port, path, agent: false });
  call.end();
  const [response] = await once(call, 'response');
  response.resume();
  await once(response, 'end');
  return response.statusCode;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}
