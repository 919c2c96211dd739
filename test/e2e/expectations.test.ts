import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Decision } from '../../src/explain/decision.ts';
import { createServer } from '../../src/index.ts';
import { PorticoProcess, writeConfig } from '../support/portico-process.ts';

/** Answers 200 on /api, 201 elsewhere, or what `api` says. */
function config(api = '{ path: "/api/*", respond: { status: 200 } }'): string {
  return `workers: 1
listen: [{ address: "127.0.0.1:0" }]
admin: { address: "127.0.0.1:0" }
log: { access: off }
tenants:
  shop:
    hosts: [shop.example, 127.0.0.1]
    routes: [${api}, { respond: { status: 201 } }]
    expect:
      - { request: GET /api/x, status: 200 }
`;
}

async function start(t: TestContext): Promise<{ portico: PorticoProcess; file: string }> {
  const file = writeConfig(config());
  const portico = new PorticoProcess(['run', '-c', file]);
  t.after(() => portico.signal('SIGKILL'));
  return { portico: await portico.ready(), file };
}

async function statusOf(portico: PorticoProcess): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${portico.port()}/api/x`, {
    headers: { connection: 'close' },
  });
  await response.text();
  return response.status;
}

async function explained(portico: PorticoProcess): Promise<Decision> {
  const answer = await portico.admin('/explain?url=http://shop.example/api/x');
  assert.equal(answer.status, 200);
  return JSON.parse(answer.text) as Decision;
}

test('a reload whose cases fail is refused, and one whose cases hold is taken and explained', async (t) => {
  const { portico, file } = await start(t);
  assert.equal(await statusOf(portico), 200);
  assert.equal((await explained(portico)).route, '/api/*');

  writeFileSync(file, config('{ path: /api, respond: { status: 200 } }'));
  const refused = await portico.admin('/reload', 'POST');

  assert.equal(refused.status, 422);
  assert.match(
    refused.text,
    /portico\.yaml:10:40: expected status 200, but the route "default" answers 201\n[\s\S]*hint: see why: portico explain/,
  );
  assert.equal(await statusOf(portico), 200);
  assert.equal((await explained(portico)).route, '/api/*');

  writeFileSync(file, config('{ path: /api/x, respond: { status: 200 } }'));
  assert.equal((await portico.admin('/reload', 'POST')).status, 200);
  assert.equal(await statusOf(portico), 200);
  assert.equal((await explained(portico)).route, '/api/x', 'of the configuration that runs now');
  assert.equal(await portico.stop(), 0);
});

test('a start whose cases fail is refused with exit code 2', async (t) => {
  const portico = new PorticoProcess([
    'run',
    '-c',
    writeConfig(config('{ path: /, respond: { status: 200 } }')),
  ]);
  t.after(() => portico.signal('SIGKILL'));

  await assert.rejects(portico.ready(), /ended without/);
  assert.equal((await portico.exited).code, 2);
  assert.match(portico.stderr, /expected status 200, but the route "default" answers 201/);
});

test('a program is told of cases that fail, with the path to each', () => {
  const listen = [{ address: '127.0.0.1:0' }];
  const shop = {
    hosts: ['shop.example'],
    routes: [{ path: '/hello', handler: 'hello' }],
    expect: [
      { request: 'GET /hello', handler: 'hello' },
      { request: 'GET /bye', handler: 'hello' },
    ],
  };

  assert.throws(() => createServer({ listen, tenants: { shop } }, { handlers: { hello: () => undefined } }), {
    name: 'ConfigError',
    message:
      /tenants\.shop\.expect\[1\]\.handler: expected handler hello, but no route of tenant shop matches/,
  });
});

test('an access log that was written here tells which of its requests another configuration decides otherwise', async (t) => {
  const log = `log: { access: { file: access.log } }`;
  const file = writeConfig(config().replace('log: { access: off }', log));
  const portico = new PorticoProcess(['run', '-c', file]);
  t.after(() => portico.signal('SIGKILL'));
  await portico.ready();
  for (const path of ['/api/x?a=b', '/api/y', '/']) await fetch(`http://127.0.0.1:${portico.port()}${path}`);
  assert.equal(await portico.stop(), 0);
  const other = writeConfig(config('{ path: /api/x, respond: { status: 200 } }'));

  const diff = new PorticoProcess(['diff', file, other, '--requests', join(dirname(file), 'access.log')]);
  const same = new PorticoProcess(['diff', file, file, '--requests', join(dirname(file), 'access.log')]);

  assert.equal((await diff.exited).code, 1);
  assert.deepEqual(diff.lines, [
    `GET http://127.0.0.1:${portico.port()}/api/y`,
    '- tenant shop: the route "/api/*" answers 200',
    '+ tenant shop: the route "default" answers 201',
    'decided otherwise: 1 of 3 requests',
  ]);
  assert.equal((await same.exited).code, 0);
});
