/**
 * Streams between clients and servers of the world, which know nothing of what is between them: Redis, PostgreSQL, mail, and
 * HTTPS that is passed through.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { freePorts, waitForPort } from '../../bench/ports.ts';
import { testAuthority, testCertificate } from '../support/certificates.ts';
import { startFront, type TestFront } from '../support/front.ts';
import { startOrigin } from '../support/origin.ts';
import { commandMissing, commandPath } from '../support/outside-judge.ts';
import { LISTENER, startStreamFront } from '../support/stream-front.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const redisMissing = commandMissing('redis-server') || commandMissing('redis-cli');
const postgresMissing =
  commandMissing('psql') || commandMissing(ofPostgres('initdb')) || commandMissing(ofPostgres('postgres'));

test('redis-cli speaks to redis-server behind TLS and in the clear', { skip: redisMissing }, async (t) => {
  const { front, ways } = await startRedis(t);
  for (const options of ways) {
    const redis = (...args: string[]) => run('redis-cli', [...options, ...args]);
    assert.equal(await redis('PING'), 'PONG\n');
    assert.equal(await redis('SET', 'key', 'value'), 'OK\n');
    assert.equal(await redis('GET', 'key'), 'value\n');
    const large = 'x'.repeat(8 * 1024 * 1024);
    assert.equal(await run('redis-cli', [...options, '-x', 'SET', 'large'], large), 'OK\n');
    assert.equal(await redis('STRLEN', 'large'), `${large.length}\n`);
    assert.equal(await redis('GET', 'large'), `${large}\n`);
  }
  await front.settled();
  assert.equal(front.streams.length, 12);
  assert.deepEqual(front.faults, []);
});

test('many clients of Redis at once get what is theirs', {
  skip: redisMissing || commandMissing('redis-benchmark'),
}, async (t) => {
  const { front, ways } = await startRedis(t);
  for (const options of ways) {
    const report = await run('redis-benchmark', [
      ...options,
      ...['-n', '4000', '-c', '20', '-P', '8', '-q', '-t', 'set,get,lpush'],
    ]);
    assert.match(report, /LPUSH: [\d.]+ requests per second/);
  }
  await front.settled();
  assert.ok(front.streams.length >= 2 * 3 * 20);
  assert.ok(front.streams.every(({ error }) => error === undefined || error.name === 'client-reset'));
});

test('psql speaks to PostgreSQL, asks for TLS within the stream, and copies a table both ways', {
  skip: postgresMissing,
}, async (t) => {
  const port = await startPostgres(t);
  const front = await startStreamFront(t, { instances: [`127.0.0.1:${port}`] });
  const psql = (query: string, input?: string) =>
    run(
      'psql',
      [`postgresql://portico@localhost:${front.port(LISTENER.listener)}/postgres`, '-Atqc', query],
      input,
    );
  const rows = Array.from({ length: 100_000 }, (_, i) => `${i}\n`).join('');

  assert.equal(await psql('SELECT 6 * 7'), '42\n');
  await psql('CREATE TABLE numbers (n int)');
  await psql('COPY numbers FROM STDIN', rows);
  assert.equal(await psql('SELECT sum(n) FROM numbers'), '4999950000\n');
  assert.equal(await psql('COPY (SELECT n FROM numbers ORDER BY n) TO STDOUT'), rows);
  await front.settled();

  // The server goes without reading the last of what psql says, which its system tells by a reset.
  assert.equal(front.streams.length, 5);
  assert.equal(front.instances('feed')[0]?.state, 'healthy');
});

test('curl sends mail to a server that speaks first', { skip: commandMissing('curl') }, async (t) => {
  const mails: string[] = [];
  const server = await startOrigin(t, (connection) => {
    let body: string | undefined;
    connection.send('220 mail.example ESMTP\r\n');
    let seen = 0;
    connection.socket.on('data', () => {
      for (;;) {
        const end = connection.text.indexOf('\r\n', seen);
        if (end < 0) return;
        const line = connection.text.slice(seen, end);
        seen = end + 2;
        if (body !== undefined) {
          if (line !== '.') body += `${line}\n`;
          else {
            mails.push(body);
            body = undefined;
            connection.send('250 taken\r\n');
          }
        } else if (line === 'DATA') {
          body = '';
          connection.send('354 go on\r\n');
        } else if (line === 'QUIT') connection.end('221 bye\r\n');
        else connection.send('250 ok\r\n');
      }
    });
  });
  const front = await startStreamFront(t, { instances: [server.address] });
  const ca = caFile(t);

  for (const url of [
    `smtps://feed.example:${front.port(LISTENER.terminated)}/client.example`,
    `smtp://localhost:${front.port(LISTENER.listener)}/client.example`,
  ]) {
    await run(
      'curl',
      [
        ...['-sS', '--cacert', ca, '--resolve', `feed.example:${front.port(LISTENER.terminated)}:127.0.0.1`],
        ...[url, '--mail-from', 'a@client.example', '--mail-rcpt', 'b@mail.example', '-T', '-'],
      ],
      'Subject: hello\r\n\r\nHow are you?\r\n',
    );
  }
  await front.settled();

  assert.deepEqual(mails, ['Subject: hello\n\nHow are you?\n', 'Subject: hello\n\nHow are you?\n']);
  assert.equal(front.streams.length, 2);
});

test('curl speaks HTTPS with a server behind passthrough', { skip: commandMissing('curl') }, async (t) => {
  const server = createServer(testCertificate(['legacy.example']), (request, response) => {
    response.end(`${request.url} by ${request.headers.host}`);
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const front = await startFront(
    t,
    `
listen: [{ address: "127.0.0.1:0", tls: true }]
drain: 50ms
tenants: { legacy: { hosts: ["legacy.example"], tls: { passthrough: legacy } } }
clusters: { legacy: { instances: [{ address: "127.0.0.1:${(server.address() as { port: number }).port}" }] } }
`,
  );

  const answer = await run('curl', [
    ...['-sS', '--cacert', caFile(t), '--resolve', `legacy.example:${front.port()}:127.0.0.1`],
    `https://legacy.example:${front.port()}/path`,
  ]);

  assert.equal(answer, `/path by legacy.example:${front.port()}`);
  await front.settled();
  assert.equal(front.streams[0]?.way, 'passthrough');
});

/** Redis behind a front end, and how its clients are told of either way to it. */
async function startRedis(
  t: TestContext,
): Promise<{ readonly front: TestFront; readonly ways: readonly (readonly string[])[] }> {
  const [port] = (await freePorts(1)) as [number];
  const redis = spawn(
    commandPath('redis-server')!,
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', temporaryDirectory(t)],
    { stdio: 'ignore' },
  );
  await endsWithTest(t, redis, port);
  const front = await startStreamFront(t, { instances: [`127.0.0.1:${port}`] });
  const tls = ['--tls', '--sni', 'feed.example', '--cacert', caFile(t), '-h', '127.0.0.1'];
  return {
    front,
    ways: [
      [...tls, '-p', String(front.port(LISTENER.terminated))],
      ['-h', 'localhost', '-p', String(front.port(LISTENER.listener))],
    ],
  };
}

/** A database with TLS; who asks for user portico is believed. */
async function startPostgres(t: TestContext): Promise<number> {
  const directory = temporaryDirectory(t);
  const [port] = (await freePorts(1)) as [number];
  const data = join(directory, 'data');
  // It does not run as root.
  const user = process.getuid?.() === 0 ? await idsOf('nobody') : {};
  if (user.uid !== undefined) await run('chown', [String(user.uid), directory]);
  await run(ofPostgres('initdb'), ['-D', data, '-U', 'portico', '-A', 'trust', '--no-sync'], '', user);
  const { cert, key } = testCertificate(['localhost']);
  for (const [name, text] of [
    ['server.crt', cert],
    ['server.key', key],
  ] as const) {
    const file = join(data, name);
    writeFileSync(file, text, { mode: 0o600 });
    if (user.uid !== undefined) await run('chown', [String(user.uid), file]);
  }
  const options = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', directory, '-c', 'ssl=on', '-F'];
  const postgres = spawn(commandPath(ofPostgres('postgres'))!, options, { stdio: 'ignore', ...user });
  await endsWithTest(t, postgres, port);
  return port;
}

/** Debian has the commands of the server where nobody looks. */
function ofPostgres(command: string): string {
  return globSync(`/usr/lib/postgresql/*/bin/${command}`).toSorted().at(-1) ?? command;
}

interface UserIds {
  readonly uid?: number;
  readonly gid?: number;
}

async function idsOf(name: string): Promise<UserIds> {
  return { uid: Number(await run('id', ['-u', name])), gid: Number(await run('id', ['-g', name])) };
}

async function endsWithTest(t: TestContext, child: ChildProcess, port: number): Promise<void> {
  const ended = once(child, 'close');
  t.after(async () => {
    child.kill('SIGINT');
    await ended;
  });
  assert.ok(await waitForPort(port, () => child.exitCode !== null), `${child.spawnfile} ended`);
}

function caFile(t: TestContext): string {
  const file = join(temporaryDirectory(t), 'ca.pem');
  writeFileSync(file, testAuthority().cert);
  return file;
}

/** What a command prints; rejects with its complaints when it fails. */
async function run(
  command: string,
  args: readonly string[],
  input = '',
  user: UserIds = {},
): Promise<string> {
  const child = spawn(commandPath(command) ?? command, args, {
    ...user,
    stdio: 'pipe',
    env: { ...process.env, PGSSLMODE: 'require' },
  });
  let out = '';
  let complaints = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number];
  assert.equal(code, 0, `${command} ${args.join(' ')}: ${complaints}`);
  return out;
}
