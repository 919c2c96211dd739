import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { test } from 'node:test';
import { type AdminCommand, runAdminCommand } from '../../../src/cli/admin-client.ts';
import { smallConfig, writeConfig } from '../../support/portico-process.ts';

test('asks the admin address that the configuration names', async () => {
  const { server, port, asked } = await admin(200, '{"generation":1}\n');
  const file = writeConfig(
    smallConfig(1).replace('admin: { address: "127.0.0.1:0"', `admin: { address: "127.0.0.1:${port}"`),
  );

  const answer = await run('status', ['-c', file]);
  server.close();

  assert.deepEqual(answer, { code: 0, out: '{"generation":1}\n', err: '' });
  assert.deepEqual(asked, ['GET /status']);
});

test('changes are POSTed', async () => {
  const { server, port, asked } = await admin(200, '{"generation":3}');

  const answer = await run('reload', ['--admin', `127.0.0.1:${port}`]);
  server.close();

  assert.deepEqual(answer, { code: 0, out: 'reloaded: generation 3\n', err: '' });
  assert.deepEqual(asked, ['POST /reload']);
});

test('shows why a reload was refused, with exit code 2', async () => {
  const { server, port } = await admin(422, 'a.yaml:1:1: unknown key "x"\n');

  const answer = await run('reload', ['--admin', `${port}`]);
  server.close();

  assert.equal(answer.code, 2);
  assert.match(answer.err, /goes on as before:\na\.yaml:1:1: unknown key "x"\n$/);
});

test('says so when nothing answers', async () => {
  const { server, port } = await admin(200, '');
  server.close();
  await once(server, 'close');

  const answer = await run('drain', ['--admin', `127.0.0.1:${port}`]);

  assert.equal(answer.code, 1);
  assert.match(answer.err, new RegExp(`nothing answers at the admin address 127\\.0\\.0\\.1:${port}`));
  assert.match(answer.err, /Is the server running\?/);
});

test('takes nothing else than Portico for it', async () => {
  for (const body of ['<html>', '{}', 'null', '']) {
    const { server, port } = await admin(200, body);
    const commands = ['reload', 'status', 'drain'] as const;
    const answers = await Promise.all(commands.map((command) => run(command, ['--admin', `${port}`])));
    server.close();
    const err = `what answers at 127.0.0.1:${port} is no admin address of Portico\n`;
    for (const answer of answers) assert.deepEqual(answer, { code: 1, out: '', err }, body);
  }
  const mail = createTcpServer((socket) => socket.end('220 mail.example.org\r\n')).listen(0, '127.0.0.1');
  await once(mail, 'listening');
  const answer = await run('status', ['--admin', `${(mail.address() as AddressInfo).port}`]);
  mail.close();
  assert.match(answer.err, /is no admin address of Portico/);
});

test('asks for a port that the configuration leaves to the system', async () => {
  const answer = await run('status', ['-c', writeConfig(smallConfig(1))]);

  assert.equal(answer.code, 2);
  assert.match(answer.err, /has port 0: .*name it with --admin HOST:PORT/);
});

test('says so when the configuration has no admin address, or cannot be read', async () => {
  const none = await run('status', ['-c', writeConfig(smallConfig(1).replace(/admin: .*\n/, ''))]);
  const broken = await run('status', ['-c', writeConfig('x: [')]);
  const missing = await run('status', ['-c', '/nonexistent.yaml']);

  for (const answer of [none, broken, missing]) {
    assert.equal(answer.code, 2);
    assert.match(answer.err, /--admin HOST:PORT/);
  }
});

test('refuses what is no address', async () => {
  for (const address of ['nowhere', '127.0.0.1:0', '127.0.0.1:99999', '']) {
    const answer = await run('status', ['--admin', address]);

    assert.equal(answer.code, 2, address);
    assert.match(answer.err, /not an address/);
  }
});

async function run(
  command: AdminCommand,
  args: readonly string[],
): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await runAdminCommand(
    command,
    args,
    { write: (text) => (out += text) },
    { write: (text) => (err += text) },
  );
  return { code, out, err };
}

async function admin(
  status: number,
  body: string,
): Promise<{ server: Server; port: number; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(status, { connection: 'close' }).end(body);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port, asked };
}
