import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { MAX_SHOWN, runDiff } from '../../../src/cli/diff.ts';
import { type LoadResult, parseConfig } from '../../../src/config/load.ts';

function config(tenants: string, clusters = '[web, api]'): string {
  const each = (JSON.parse(clusters.replace(/\w+/g, '"$&"')) as string[]).map(
    (name, i) => `  ${name}: { instances: [{ address: "127.0.0.1:${i + 1}" }] }`,
  );
  return ['listen: [{ address: ":1" }]', 'tenants:', tenants, 'clusters:', ...each].join('\n');
}

const A = config(`
  shop:
    hosts: [shop.example]
    routes:
      - { path: "/api/*", when: 'req_method_in("POST")', cluster: web }
      - { path: "/api/*", cluster: api }
      - { path: /old, redirect: { to: /new } }
      - { path: /text, respond: { status: 200, body: a } }
      - { cluster: web }
  gone: { hosts: [gone.example], routes: [{ cluster: web }] }
  feed: { hosts: [feed.example], tls: { passthrough: api } }`);

const B = config(
  `
  shop:
    hosts: [shop.example, gone.example]
    routes:
      - { path: "/api/v2/*", cluster: api }
      - { path: "/api/v1/*", cluster: api }
      - { path: /old, redirect: { to: /newer, status: 308 } }
      - { path: /text, respond: { status: 200, body: b } }
      - { path: "/*", cluster: web }
  feed: { hosts: [feed.example], tls: { passthrough: { cluster: api, proxyProtocol: v2 } } }`,
  '[api, web]',
);

async function diff(
  requests: string | AsyncIterable<Buffer> | undefined,
  { args = ['a.yaml', 'b.yaml', '--requests', 'r'], files = { 'a.yaml': A, 'b.yaml': B } } = {},
) {
  const result = { code: 0, out: '', err: '', opened: '' };
  result.code = await runDiff(
    args,
    { write: (text) => (result.out += text) },
    { write: (text) => (result.err += text) },
    {
      load: (file): LoadResult => parseConfig(files[file as 'a.yaml'], file),
      open(file) {
        result.opened = file ?? 'stdin';
        return typeof requests === 'string' ? Readable.from([Buffer.from(requests)]) : requests;
      },
      now: () => 0,
    },
  );
  return result;
}

test('shows requests that are decided otherwise, each once, with what was and what would be', async () => {
  const { code, out, err } = await diff(`# the whole shop
http://shop.example/
http://shop.example/api/v1/x
http://shop.example/api/x
http://shop.example/api/x
POST http://shop.example/api/x
http://shop.example/old
http://shop.example/text
http://gone.example/
http://nobody.example/
https://feed.example/
`);

  assert.equal(err, '');
  assert.equal(
    out,
    `GET http://shop.example/api/x
- tenant shop: the route "/api/*" leads to cluster api
+ tenant shop: the route "/*" leads to cluster web
GET http://shop.example/old
- tenant shop: the route "/old" redirects to /new (302)
+ tenant shop: the route "/old" redirects to /newer (308)
GET http://shop.example/text
- tenant shop: the route "/text" answers 200 with "a"
+ tenant shop: the route "/text" answers 200 with "b"
GET http://gone.example/
- tenant gone: the route "default" leads to cluster web
+ tenant shop: the route "/*" leads to cluster web
GET https://feed.example/
- tenant feed: the connection is relayed to cluster api
+ tenant feed: the connection is relayed to cluster api, behind a PROXY header (v2)
decided otherwise: 6 of 10 requests; lines without a request: 1
`,
  );
  assert.equal(code, 1);
});

test('--json lists the same differences, each with both decisions, and the sums', async () => {
  const args = ['a.yaml', 'b.yaml', '--requests', 'r', '--json'];
  const requests = [
    '# none',
    'http://shop.example/',
    'http://shop.example/api/x',
    'http://shop.example/api/x',
    'http://shop.example/old',
    'nonsense',
    '',
  ].join('\n');

  const { code, out, err } = await diff(requests, { args });
  const same = await diff('http://shop.example/\n', { args });

  const { differences, ...totals } = JSON.parse(out);
  assert.equal(code, 2);
  assert.match(err, /^r:6: /);
  assert.deepEqual(totals, { requests: 4, different: 3, linesWithoutRequest: 1, unreadableLines: 1 });
  assert.deepEqual(
    differences.map(({ request }: { request: { path: string } }) => request.path),
    ['/api/x', '/old'],
  );
  const [{ before, after }] = differences;
  assert.equal(before.summary, 'tenant shop: the route "/api/*" leads to cluster api');
  assert.deepEqual([before.route, before.target.cluster, 'request' in before], ['/api/*', 'api', false]);
  assert.deepEqual([after.route, after.target.cluster, after.answer], ['/*', 'web', null]);
  assert.deepEqual(differences[1].after.answer, { status: 308, error: null });
  assert.deepEqual(
    [same.code, JSON.parse(same.out)],
    [0, { differences: [], requests: 1, different: 0, linesWithoutRequest: 0, unreadableLines: 0 }],
  );
  assert.equal((await diff('http://shop.example/api/x\n', { args })).code, 1);
});

test('--json shows so many differences at most too', async () => {
  const requests = Array.from({ length: MAX_SHOWN + 3 }, (_, i) => `http://shop.example/api/${i}\n`).join('');

  const { differences, different } = JSON.parse(
    (await diff(requests, { args: ['a.yaml', 'b.yaml', '--requests', 'r', '--json'] })).out,
  );

  assert.deepEqual([differences.length, different], [MAX_SHOWN, MAX_SHOWN + 3]);
});

test('exits 0 where none differs: other routes, instances and names of routes do not count', async () => {
  const { code, out } = await diff(
    'http://shop.example/\nPOST http://shop.example/api/x\nhttp://a.example/\n',
  );

  assert.deepEqual([code, out], [0, 'decided otherwise: 0 of 3 requests\n']);
});

test('what modules make of a request counts, and which of them does not', async () => {
  const shop = (modules: string) =>
    config(`\n  shop: { hosts: [shop.example], modules: [${modules}], routes: [{ cluster: web }] }`);
  const block = '{ block: { paths: [/no] } }';
  const files = {
    'a.yaml': shop(block),
    'b.yaml': shop(`{ rewrite: { trimPrefix: /api } }, ${block}`),
  };

  const { out } = await diff('http://shop.example/api/x\nhttp://shop.example/x\nhttp://shop.example/no\n', {
    files,
  });

  assert.equal(
    out,
    `GET http://shop.example/api/x
- tenant shop: the route "default" leads to cluster web
+ tenant shop: the route "default" leads to cluster web, which is asked for /x of shop.example
decided otherwise: 1 of 3 requests
`,
  );
});

test('a split counts by what it may lead to, and a key by where it leads', async () => {
  const split = (weight: number, on = '') =>
    config(`
  shop:
    hosts: [shop.example]
    routes: [{ split: [{ cluster: web, weight: 95 }, { cluster: api, weight: ${weight} }]${on} }]`);
  const ask = async (a: string, b: string) => {
    const { code, out } = await diff('GET http://shop.example/?user=dan', {
      files: { 'a.yaml': a, 'b.yaml': b },
    });
    return [code, ...out.split('\n').filter((line) => /^[-+]/.test(line))];
  };
  const plain = config('  shop: { hosts: [shop.example], routes: [{ cluster: web }] }');

  assert.deepEqual(await ask(split(5), split(5)), [0]);
  assert.deepEqual(await ask(plain, split(0)), [0]);
  assert.deepEqual(await ask(split(0), split(5)), [
    1,
    '- tenant shop: the route "default" leads to cluster web',
    '+ tenant shop: the route "default" leads to cluster web (95 %) or api (5 %)',
  ]);
  // Bucket 231 of 10,000.
  const keyed = ', splitOn: query:user';
  assert.deepEqual(await ask(split(5, keyed), split(1000, keyed)), [0]);
  assert.deepEqual(
    (await ask(split(1000, keyed), split(5, keyed).replace('web, weight: 95', 'web, weight: 0')))[0],
    1,
  );
});

test('what is copied to a second cluster counts', async () => {
  const shop = (mirror: string) =>
    config(`\n  shop: { hosts: [shop.example], routes: [{ cluster: web${mirror} }] }`);
  const files = { 'a.yaml': shop(''), 'b.yaml': shop(', mirror: { cluster: api, percent: 5 }') };

  const { out } = await diff('http://shop.example/\n', { files });

  assert.equal(
    out,
    `GET http://shop.example/
- tenant shop: the route "default" leads to cluster web
+ tenant shop: the route "default" leads to cluster web, and 5 % of its requests are copied to cluster api
decided otherwise: 1 of 1 requests
`,
  );
});

test('takes both decisions for the time of the log', async () => {
  const routes = (when: string) =>
    config(
      `\n  shop: { hosts: [shop.example], routes: [{ when: '${when}', cluster: api }, { cluster: web }] }`,
    );
  const files = {
    'a.yaml': routes('bfe_periodic_time_range("010000Z", "045959Z", "")'),
    'b.yaml': routes('bfe_periodic_time_range("010000Z", "055959Z", "")'),
  };
  const at = (hour: string) =>
    `{"type":"access","time":"2026-11-20T${hour}:04:31.107Z","method":"GET","host":"shop.example","path":"/${hour}"}\n`;

  const { out } = await diff(`${at('03')}${at('05')}${at('12')}`, { files });

  assert.match(
    out,
    /^GET http:\/\/shop\.example\/05\n- .* cluster web\n\+ .* cluster api\ndecided otherwise: 1 of 3 requests/,
  );
});

test('exits 2 with the lines that cannot be read, and compares the others all the same', async () => {
  const bad = Array.from({ length: 12 }, (_, i) => `nonsense ${i}\n`).join('');
  const { code, out, err } = await diff(`http://shop.example/api/\n${bad}${'x'.repeat(300_000)}\n`);

  assert.equal(code, 2);
  assert.match(out, /decided otherwise: 1 of 1 requests\n$/);
  assert.match(err, /^r:2: not a method|^r:2: not an http/);
  assert.equal(err.split('\n').length, 12);
  assert.match(err, /and 3 more lines that cannot be read\n$/);
  assert.match((await diff('x'.repeat(300_000))).err, /^r:1: longer than 262144 bytes/);
});

test('shows so many differences at most, and counts the others', async () => {
  const requests = Array.from({ length: MAX_SHOWN + 3 }, (_, i) => `http://shop.example/api/${i}\n`).join('');

  const { out } = await diff(requests);

  assert.equal(out.match(/^GET /gm)?.length, MAX_SHOWN);
  assert.equal(out.match(/the others are counted only/g)?.length, 1);
  assert.match(out, /\ndecided otherwise: 10003 of 10003 requests\n$/);
});

test('reads standard input without a file, and says so where nobody pipes anything in', async () => {
  const piped = await diff('http://shop.example/\n', { args: ['a.yaml', 'b.yaml'] });
  const dashed = await diff('http://shop.example/\n', { args: ['a.yaml', 'b.yaml', '--requests', '-'] });
  const none = await diff(undefined, { args: ['a.yaml', 'b.yaml'] });

  assert.deepEqual([piped.code, piped.opened, dashed.opened], [0, 'stdin', 'stdin']);
  assert.equal(none.code, 2);
  assert.match(none.err, /there are no requests: name a file of them/);
});

test('exits 2 for arguments, configurations and files that cannot be read', async () => {
  for (const args of [[], ['a.yaml'], ['a.yaml', 'b.yaml', 'c.yaml']]) {
    const { code, err } = await diff('', { args });
    assert.equal(code, 2);
    assert.match(err, /takes two configurations\nusage: portico diff A B/);
  }
  assert.match((await diff('', { args: ['a.yaml', 'b.yaml', '--request', 'r'] })).err, /--request/);

  const bad = await diff('', { files: { 'a.yaml': A, 'b.yaml': 'listne: []' } });
  assert.equal(bad.code, 2);
  assert.match(bad.err, /^b\.yaml:1:1: unknown key "listne"/);

  async function* broken(): AsyncGenerator<Buffer> {
    yield Buffer.from('http://shop.example/api/\n');
    throw Object.assign(new Error('ENOENT: open'), { code: 'ENOENT' });
  }
  const unreadable = await diff(broken());
  assert.equal(unreadable.code, 2);
  assert.match(unreadable.err, /^r: cannot be read: no such file\n$/);
});
