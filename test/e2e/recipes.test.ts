import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { testCertificate } from '../support/certificates.ts';
import { openClient, openTlsClient, requestText } from '../support/client.ts';
import { ClientAuthority } from '../support/client-authority.ts';
import { type FrontOptions, startFront, type TestFront } from '../support/front.ts';
import type { PlainMessage } from '../support/http1-message.ts';
import { eachRequest, type Origin, ok, startOrigin } from '../support/origin.ts';

// The recipes of conf/examples as they stand there, but for addresses: each does what its comment says.

const EXAMPLES = join(import.meta.dirname, '../../conf/examples');

test('canary.yaml: the cookie leads to the new release, and a twentieth of the addresses; backend and client are told', async (t) => {
  const { front, asked } = await startRecipe(t, 'canary.yaml', 2);

  const chosen = await ask(t, front, { headers: ['Cookie: canary=1'] });
  assert.deepEqual([chosen.body, chosen.headers.get('x-release')], ['9002', 'canary']);
  assert.equal(asked.at(-1)?.headers.get('x-release'), 'canary');
  assert.deepEqual(front.exchanges.at(-1)?.facts?.tags.slice(-2), ['release', 'canary']);

  const bodies: string[] = [];
  for (let i = 1; i <= 120; i++) {
    const from = `127.0.${i}.1`;
    const { body, headers } = await ask(t, front, { from });
    assert.equal(headers.get('x-release'), body === '9002' ? 'canary' : 'stable');
    assert.equal((await ask(t, front, { from })).body, body);
    bodies.push(body);
  }
  const canaries = bodies.filter((body) => body === '9002').length;
  assert.ok(canaries >= 1 && canaries <= 18, `${canaries} of 120 addresses`);
});

test('canary-split.yaml: users keep their release, pages and API go together, and more of it takes nobody back', async (t) => {
  const { front, text } = await startRecipe(t, 'canary-split.yaml', 4);
  const users = Array.from({ length: 60 }, (_, i) => `uid=user-${i}`);
  const releases = async (): Promise<string[]> => {
    const all: string[] = [];
    for (const cookie of ['uid=ann', 'uid=eve', ...users]) {
      const page = await ask(t, front, { headers: [`Cookie: ${cookie}`] });
      const api = await ask(t, front, { path: '/api/cart', headers: [`Cookie: ${cookie}`] });
      assert.equal(api.body, page.body === '9002' ? '9004' : '9003');
      all.push(page.body);
    }
    return all;
  };

  const before = await releases();
  assert.deepEqual(before.slice(0, 2), ['9002', '9001']);
  assert.deepEqual(await releases(), before);
  const more = text.replaceAll('weight: 5 }', 'weight: 95 }');
  assert.notEqual(more, text);
  await front.reload(more);
  const after = await releases();
  for (const [i, release] of before.entries()) if (release === '9002') assert.equal(after[i], '9002');
  assert.ok(
    after.filter((release) => release === '9002').length > before.filter((r) => r === '9002').length + 10,
  );

  const stranger = await ask(t, front);
  const asset = await ask(t, front, { path: '/style.css' });
  assert.equal(asset.body, stranger.body, 'without the cookie an address stays together');
});

test('blue-green.yaml: blue has all, a preview sees green, and a swap of the weights turns it round', async (t) => {
  const { front, text } = await startRecipe(t, 'blue-green.yaml', 4);
  const served = async (headers: readonly string[] = []): Promise<string> => {
    const bodies = [await ask(t, front, { headers }), await ask(t, front, { headers })].map(
      ({ body }) => body,
    );
    return bodies.toSorted().join(' ');
  };

  assert.equal(await served(), '9001 9002');
  assert.equal(await served(['X-Preview: 1']), '9003 9004');
  const green = text
    .replace('cluster: blue, weight: 100', 'cluster: blue, weight: 0')
    .replace('cluster: green, weight: 0', 'cluster: green, weight: 100');
  await front.reload(green);
  assert.equal(await served(), '9003 9004');
  await front.reload(text);
  assert.equal(await served(), '9001 9002');
});

test('sticky-sessions.yaml: with the cookie always the same backend, without it each in turn', async (t) => {
  const { front, origins } = await startRecipe(t, 'sticky-sessions.yaml', 2);
  const first = await ask(t, front);
  const [cookie = ''] = first.headers.get('set-cookie')!.split(';');
  const kept = { headers: [`Cookie: ${cookie}`] };

  assert.match(
    first.headers.get('set-cookie')!,
    /^srv=[\w-]+; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax$/,
  );
  for (let i = 0; i < 4; i++) assert.equal((await ask(t, front, kept)).body, first.body);
  assert.notEqual((await ask(t, front)).body, (await ask(t, front)).body);

  origins[first.body === '9001' ? 0 : 1]!.close();
  const moved = await ask(t, front, kept);
  assert.notEqual(moved.body, first.body);
  assert.match(moved.headers.get('set-cookie')!, /^srv=/);
});

test('maintenance.yaml: everybody gets the page, own people and probes get the site', async (t) => {
  const { front } = await startRecipe(t, 'maintenance.yaml', 1, {}, (text) =>
    text.replace('"10.0.0.0", "10.255.255.255"', '"127.0.0.7", "127.0.0.7"'),
  );

  const closed = await ask(t, front);
  assert.equal(closed.status, 503);
  assert.match(closed.body, /^<!doctype html>\n<title>Back soon<\/title>/);
  assert.deepEqual(
    ['content-type', 'retry-after', 'cache-control'].map((name) => closed.headers.get(name)),
    ['text/html; charset=utf-8', '3600', 'no-store'],
  );
  assert.equal((await ask(t, front, { path: '/healthz' })).body, '9001');
  assert.equal((await ask(t, front, { from: '127.0.0.7' })).body, '9001');
});

test('client-certificates.yaml: the backend is told whose certificate it is, and who shows none gets nowhere', async (t) => {
  const clients = new ClientAuthority();
  const site = testCertificate(['*.shop.example.org', 'localhost']);
  const files = {
    'shop.pem': site.cert,
    'shop.key': site.key,
    'default.pem': site.cert,
    'default.key': site.key,
    'local-ca.pem': clients.cert,
  };
  const { front, asked } = await startRecipe(t, 'client-certificates.yaml', 1, { files });
  const host = 'partners.shop.example.org';
  const { cert, key } = clients.issue('till 7');
  const till = await openTlsClient(t, front.port(), { servername: host, cert, key });
  till.send(requestText('GET /', ['X-Client-Cert-Subject: CN=somebody else'], host));

  assert.equal((await till.message()).body, '9001');
  const { headers } = asked.at(-1)!;
  assert.equal(headers.get('x-client-cert-verified'), 'yes');
  assert.equal(headers.get('x-client-cert-subject'), 'CN=till 7');
  assert.match(headers.get('x-client-cert-fingerprint')!, /^[\dA-Fa-f:]{64,95}$/);

  const nobody = await openTlsClient(t, front.port(), { servername: host, maxVersion: 'TLSv1.2' }).then(
    () => 'let in',
    () => 'refused',
  );
  assert.equal(nobody, 'refused');
  const open = await openTlsClient(t, front.port(), { servername: 'www.shop.example.org' });
  open.send(requestText('GET /', [], 'www.shop.example.org'));
  assert.equal((await open.message()).body, 'no certificate was asked for\n');
  assert.equal(asked.length, 1);
});

test('own-module/portico.yaml: the module guards its route, and no other', async (t) => {
  const { front, asked } = await startRecipe(t, 'own-module/portico.yaml', 1, {}, (text) =>
    text.replace('./partner-keys.mjs', join(EXAMPLES, 'own-module/partner-keys.mjs')),
  );
  const path = '/partners/orders';

  assert.equal((await ask(t, front, { path })).status, 401);
  assert.equal((await ask(t, front, { path, headers: ['X-Partner-Key: 7d3f0c'] })).body, '9001');
  assert.equal(asked.at(-1)?.headers.get('x-partner'), 'acme');
  assert.equal((await ask(t, front, { path: '/' })).body, '9001');
  assert.equal(asked.at(-1)?.headers.get('x-partner'), undefined);
});

test('body-conditions.yaml: the model in the body leads to its backend, streams are for customers', async (t) => {
  const { front, asked } = await startRecipe(t, 'body-conditions.yaml', 2);
  const post = (body: string, headers: readonly string[] = []) =>
    ask(t, front, { path: '/v1/chat', host: 'ai.example.org', body, headers });

  assert.equal((await post('{"model":"small-2"}')).body, '9001');
  assert.equal((await post('{"model":"huge"}')).body, '9002');
  assert.equal(asked.at(-1)?.body, '{"model":"huge"}');
  assert.equal((await post('{"model":"gone"}')).status, 400);
  assert.equal((await post('{"model":"huge","stream":true}')).status, 403);
  assert.equal((await post('{"model":"huge","stream":true}', ['X-Paid: 1'])).body, '9002');
  assert.equal((await post(`{"model":"huge","x":"${'x'.repeat(131_072)}"}`)).status, 400);
});

test('responses.yaml: errors are not kept, assets without a word of their own are', async (t) => {
  const { front, origins } = await startRecipe(t, 'responses.yaml', 1);
  const cached = async (path: string) => (await ask(t, front, { path })).headers.get('cache-control');

  assert.equal(await cached('/static/a.css'), 'public, max-age=86400');
  assert.equal(await cached('/cart'), undefined);
  await origins[0]!.stop();
  assert.equal(await cached('/static/a.css'), 'no-store');
});

interface Recipe {
  readonly front: TestFront;
  /** In place of 127.0.0.1:9001, 9002 …; each answers with the port that it has in the file. */
  readonly origins: readonly Origin[];
  /** What they were asked. */
  readonly asked: readonly PlainMessage[];
  /** The configuration, for a reload. */
  readonly text: string;
}

/** Runs an example, on ports that are free. `change`: what else of it cannot be as it stands, in a test. */
async function startRecipe(
  t: TestContext,
  name: string,
  instances: number,
  options: FrontOptions = {},
  change: (text: string) => string = UNCHANGED,
): Promise<Recipe> {
  const asked: PlainMessage[] = [];
  const origins = await Promise.all(
    Array.from({ length: instances }, (_, i) =>
      startOrigin(
        t,
        eachRequest((request, connection) => {
          asked.push(request);
          connection.send(ok(String(9001 + i)));
        }),
      ),
    ),
  );
  const written = readFileSync(join(EXAMPLES, name), 'utf8');
  const changed = change(written);
  if (change !== UNCHANGED) assert.notEqual(changed, written, 'there is nothing to change any more');
  const text = changed
    .replace(/address: ":\d+"/, 'address: "127.0.0.1:0"')
    .replaceAll(/127\.0\.0\.1:900(\d)/g, (_, digit) => origins[Number(digit) - 1]!.address);
  const front = await startFront(t, text, options);
  return { front, origins, asked, text };
}

const UNCHANGED = (text: string): string => text;

interface Question {
  readonly path?: string;
  readonly headers?: readonly string[];
  readonly host?: string;
  /** Of a POST, as JSON; undefined: a GET. */
  readonly body?: string;
  /** The client's own address. */
  readonly from?: string;
}

/** One request, on a connection of its own. */
async function ask(
  t: TestContext,
  front: TestFront,
  { path = '/', headers = [], host = 'shop.example.org', body, from }: Question = {},
): Promise<PlainMessage> {
  const client = await openClient(t, front.port(), '127.0.0.1', from);
  const fields = ['Connection: close', ...headers];
  if (body === undefined) client.send(requestText(`GET ${path}`, fields, host));
  else {
    const framing = ['Content-Type: application/json', `Content-Length: ${body.length}`];
    client.send(requestText(`POST ${path}`, [...fields, ...framing], host)).send(body);
  }
  return client.message();
}
