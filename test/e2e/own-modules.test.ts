import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runExplain } from '../../src/cli/explain.ts';
import { readExplainArguments } from '../../src/cli/explain-arguments.ts';
import { loadConfig } from '../../src/config/load.ts';
import { judgeExpectations } from '../../src/explain/judge-expectations.ts';
import { inspectModule } from '../../src/module-kinds.ts';
import { openClient, requestText } from '../support/client.ts';
import { shortProblems } from '../support/configuration.ts';
import { startFront } from '../support/front.ts';
import { answering, eachRequest, ok, startOrigin } from '../support/origin.ts';

/** Counts its own life in `globalThis[settings.log]`, and stamps responses with `settings.stamp`. */
const STAMP = `
export const moduleKind = {
  name: 'stamp',
  check: (settings) => (settings?.stamp === undefined ? [{ path: ['stamp'], message: 'what is stamped?', hint: 'stamp: x' }] : []),
  create({ stamp, log }) {
    const events = (globalThis[log] ??= []);
    events.push('create ' + stamp);
    let count = 0;
    return {
      handlers: { readResponse() { count += 1; return { kind: 'continue' }; } },
      rewriteEachResponse: (exchange, head, headers) => [...headers, 'x-stamp', stamp + ' ' + count],
      dispose() { events.push('dispose ' + stamp); },
    };
  },
};`;

test('a module from a file is made, asked, kept over a reload that leaves it alone, and disposed of', async (t) => {
  const { directory, log, events } = folder(t, { 'stamp.mjs': STAMP });
  const { origin, config } = await site(t);
  const one = `{ use: ${directory}/stamp.mjs, with: { stamp: one, log: ${log} } }`;
  const front = await startFront(t, config(one));
  const client = await openClient(t, front.port());
  const ask = async (): Promise<string | undefined> => {
    client.send(requestText('GET /'));
    return (await client.message()).headers.get('x-stamp');
  };

  const seen = [await ask(), await ask()];
  await front.reload(config(one, 'timeouts: { idle: 9s }'));
  seen.push(await ask());
  await front.reload(config(one.replace('stamp: one', 'stamp: two')));
  seen.push(await ask());
  await front.reload(config('{ tag: { a: b } }'));
  seen.push(await ask());

  assert.deepEqual(seen, ['one 1', 'one 2', 'one 3', 'two 1', undefined]);
  assert.deepEqual(events(), ['create one', 'create two', 'dispose one', 'dispose two']);
  assert.equal(origin.connections.length, 1);
});

test('a module is disposed of when the last exchange that knows it is over, and at the end', async (t) => {
  const { directory, log, events } = folder(t, { 'stamp.mjs': STAMP });
  const held = Promise.withResolvers<void>();
  const origin = await startOrigin(
    t,
    eachRequest((_request, connection) => void held.promise.then(() => connection.send(ok('late')))),
  );
  const config = (stamp: string) =>
    yaml(origin.address, `{ use: ${directory}/stamp.mjs, with: { stamp: ${stamp}, log: ${log} } }`);
  const front = await startFront(t, config('one'));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));
  await (await origin.connection(0)).untilText('\r\n\r\n');
  await front.reload(config('two'));
  const during = [...events()];
  held.resolve();
  const { headers } = await client.message();
  await front.until(() => front.exchanges.length === 1);

  assert.deepEqual(during, ['create one', 'create two']);
  assert.equal(headers.get('x-stamp'), 'one 1', 'the exchange keeps what it began with');
  assert.deepEqual(events(), ['create one', 'create two', 'dispose one']);
  await front.server.stop();
  assert.deepEqual(events(), ['create one', 'create two', 'dispose one', 'dispose two']);
});

test('a reload that fails leaves the modules there are, and disposes of those it has made', async (t) => {
  const { directory, log, events } = folder(t, { 'stamp.mjs': STAMP });
  const taken = await startOrigin(t);
  const { config } = await site(t);
  const entry = (stamp: string) => `{ use: ${directory}/stamp.mjs, with: { stamp: ${stamp}, log: ${log} } }`;
  const front = await startFront(t, config(entry('one')));

  const bad = config(entry('two')).replace('"127.0.0.1:0"', `"${taken.address}"`);
  await assert.rejects(front.reload(bad));

  assert.deepEqual(events(), ['create one', 'create two', 'dispose two']);
});

test('a module that fails when it is disposed of hides no other failure, and keeps no other module', async (t) => {
  const failing = "{ dispose() { throw new Error('disposed badly'); } }";
  const { directory, log, events } = folder(t, {
    'stamp.mjs': STAMP,
    'failing.mjs': `export const moduleKind = { name: 'failing', create: () => (${failing}) };`,
    'promised.mjs': "export const moduleKind = { name: 'promised', create: async () => ({}) };",
  });
  const { config } = await site(t);
  const stamp = `{ use: ${directory}/stamp.mjs, with: { stamp: one, log: ${log} } }`;

  await assert.rejects(
    startFront(t, config(`{ use: ${directory}/failing.mjs }, ${stamp}, { use: ${directory}/promised.mjs }`)),
    /modules\[2\]: promised failed: a module is an object/,
  );
  assert.deepEqual(events(), ['create one', 'dispose one']);
});

test('points before the tenant is known are for modules at the top without a condition', async (t) => {
  const early = STAMP.replace('readResponse()', 'accept()');
  const { directory, log, events } = folder(t, { 'early.mjs': early });
  const { config } = await site(t);
  const entry = (stamp: string) => `{ use: ${directory}/early.mjs, with: { stamp: ${stamp}, log: ${log} } }`;
  const front = await startFront(t, config(entry('one')));

  await assert.rejects(
    front.reload(config(entry('two').replace('}', '}, when: default_t()'))),
    /^Error: modules\[0\]: stamp hangs on accept, where no request is known/,
  );

  assert.deepEqual(events(), ['create one', 'create two', 'dispose two']);
});

test('a module is kept for a stream until both its sides are gone', async (t) => {
  const { directory, log, events } = folder(t, { 'stamp.mjs': STAMP });
  const origin = await startOrigin(t, (connection) => void connection.send('hello'));
  const config = (stamp: string) =>
    yaml(origin.address, `{ use: ${directory}/stamp.mjs, with: { stamp: ${stamp}, log: ${log} } }`).replace(
      '"127.0.0.1:0"',
      '"127.0.0.1:0", stream: web',
    );
  const front = await startFront(t, config('one'));
  const client = await openClient(t, front.port());

  await client.untilText('hello');
  await front.reload(config('two'));
  const during = [...events()];
  client.end();
  (await origin.connection(0)).end();
  await front.until(() => front.streams.length === 1);

  assert.deepEqual(during, ['create one', 'create two']);
  assert.deepEqual(events(), ['create one', 'create two', 'dispose one']);
});

test('what a module from a file puts into messages is checked, and a failure names its place', async (t) => {
  const bad = `export const moduleKind = { name: 'bad', create: () => ({ rewriteResponse: () => ['x', 'a\\r\\nb: c'] }) };`;
  const { directory } = folder(t, { 'bad.mjs': bad });
  const { config } = await site(t);
  const front = await startFront(t, config(`{ use: ${directory}/bad.mjs }`));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /'));

  assert.equal((await client.message()).status, 500);
  assert.equal(front.count('moduleFailed'), 1);
  const [fault] = front.faults.splice(0);
  assert.deepEqual(
    { ...fault!.fields, error: '' },
    { module: 'bad', place: 'modules[0]', point: 'rewriteResponse', error: '' },
  );
});

for (const [what, files, entry, problem] of [
  [
    'a file that is not there',
    {},
    '{ use: »./no.mjs }',
    'the module "./no.mjs" cannot be used: no such file or package',
  ],
  [
    'a package that is not there',
    {},
    '{ use: »no-such-package-here }',
    'the module "no-such-package-here" cannot be used: no such file or package',
  ],
  [
    'a file that fails',
    { 'm.mjs': 'throw new Error("no luck\\nat all");' },
    '{ use: »./m.mjs }',
    'the module "./m.mjs" cannot be used: no luck',
  ],
  [
    'a file that waits',
    { 'm.mjs': 'await 1; export const moduleKind = {};' },
    '{ use: »./m.mjs }',
    /top-level await/,
  ],
  [
    'a file without a kind',
    { 'm.mjs': 'export const kind = {};' },
    '{ use: »./m.mjs }',
    'the module "./m.mjs" cannot be used: it does not export moduleKind',
  ],
  [
    'what is no regular file',
    {},
    '{ use: »/dev/null }',
    'the module "/dev/null" cannot be used: it is a pipe, a socket or a device, and must be a regular file',
  ],
  ['a part of Node', {}, '{ use: »"node:fs" }', 'the module "node:fs" cannot be used: it is a part of Node'],
  [
    'a kind without create',
    { 'm.cjs': 'exports.moduleKind = { name: "m" };' },
    '{ use: »./m.cjs }',
    'the module "./m.cjs" cannot be used: its moduleKind has no create',
  ],
  [
    'a name that cannot stand in metrics',
    { 'm.mjs': 'export const moduleKind = { name: "M 1", create: () => ({}) };' },
    '{ use: »./m.mjs }',
    'the module "./m.mjs" cannot be used: the name of its moduleKind is not made of letters, digits and dashes',
  ],
  [
    'a check that throws',
    {
      'm.mjs':
        'export const moduleKind = { name: "m", check() { throw new Error("oh") }, create: () => ({}) };',
    },
    '{ use: »./m.mjs }',
    'the module "./m.mjs" cannot be used: its check failed: oh',
  ],
  [
    'a check that gives a promise',
    { 'm.mjs': 'export const moduleKind = { name: "m", check: async () => [], create: () => ({}) };' },
    '{ use: »./m.mjs }',
    'the module "./m.mjs" cannot be used: its check gives no list of { path, message, hint }',
  ],
  [
    'a check that complains without a message',
    { 'm.mjs': 'export const moduleKind = { name: "m", check: () => ["no"], create: () => ({}) };' },
    '{ use: »./m.mjs }',
    'the module "./m.mjs" cannot be used: its check gives no list of { path, message, hint }',
  ],
  [
    'settings that the module complains of',
    { 'stamp.mjs': STAMP },
    '{ use: ./stamp.mjs, »with: { stmp: a } }',
    'what is stamped? (stamp: x)',
  ],
  ['settings of nobody', {}, '{ tag: { a: b }, »with: { a: b } }', '"with" is for modules that use names'],
] as const) {
  test(`${what} is an error with its place`, (t) => {
    const { directory } = folder(t, {
      ...files,
      'portico.yaml': yaml('127.0.0.1:9', entry.replace('»', '')),
    });

    const [only, ...others] = shortProblems(loadConfig(join(directory, 'portico.yaml'), { inspectModule }));

    assert.deepEqual(others, []);
    assert.ok(only !== undefined);
    const place = `${join(directory, 'portico.yaml')}:3:${12 + entry.indexOf('»')} `;
    assert.ok(only.startsWith(place), only);
    if (typeof problem === 'string') assert.equal(only.slice(place.length), problem);
    else assert.match(only, problem);
  });
}

test('a package is found beside the configuration, and a file in TypeScript is taken as it is', (t) => {
  const { directory } = folder(t, {
    'node_modules/stamp/package.json': '{ "name": "stamp", "type": "module", "exports": "./stamp.js" }',
    'node_modules/stamp/stamp.js': STAMP,
    'typed.ts': 'export const moduleKind = { name: "typed", create: (settings: unknown) => ({}) };',
    'portico.yaml': yaml('127.0.0.1:9', '{ use: stamp, with: { stamp: a } }, { use: ./typed.ts }'),
  });

  const result = loadConfig(join(directory, 'portico.yaml'), { inspectModule });

  assert.ok(result.ok, shortProblems(result).join());
  assert.deepEqual(
    result.settings.modules?.map(({ module }) => module.kind === 'use' && [module.file, module.with]),
    [
      [join(directory, 'node_modules/stamp/stamp.js'), { stamp: 'a' }],
      [join(directory, 'typed.ts'), undefined],
    ],
  );
});

test('a module that throws is explained as a 500, and one that cannot be made is named', (t) => {
  const throwing = `export const moduleKind = { name: 'm', create: ({ when }) => {
    if (when === 'made') throw new Error('no luck');
    return { decide() { throw new Error('no luck'); } };
  } };`;
  const { directory } = folder(t, {
    'm.mjs': throwing,
    'asked.yaml': yaml('127.0.0.1:9', '{ use: ./m.mjs, with: { when: asked } }'),
    'made.yaml': yaml('127.0.0.1:9', '{ use: ./m.mjs, with: { when: made } }'),
  });
  const explain = (file: string): [code: number, out: string, err: string] => {
    let [out, err] = ['', ''];
    const read = readExplainArguments(['http://shop.example/']);
    assert.ok(typeof read !== 'string');
    const code = runExplain(
      read,
      loadConfig(join(directory, file), { inspectModule }),
      { write: (text) => (out += text) },
      { write: (text) => (err += text) },
    );
    return [code, out, err];
  };

  const [asked, made] = [explain('asked.yaml'), explain('made.yaml')];

  assert.equal(asked[0], 0);
  assert.match(asked[1], /^answer +500 module-failed$/m);
  assert.deepEqual(made, [2, '', 'modules[0]: m failed: no luck\n']);
});

test('cases that cannot be judged because a module cannot be made are an error, and no exception', (t) => {
  const bad = `export const moduleKind = { name: 'm', create() { throw new Error('no luck'); } };`;
  const expect = 'expect: [{ request: /, status: 200 }], routes: [{ cluster: web }]';
  const { directory } = folder(t, {
    'm.mjs': bad,
    'portico.yaml': yaml('127.0.0.1:9', '{ use: ./m.mjs }').replace('routes: [{ cluster: web }]', expect),
  });

  const result = loadConfig(join(directory, 'portico.yaml'), { inspectModule, judgeExpectations });

  const [only, ...others] = shortProblems(result);
  assert.deepEqual(others, []);
  assert.match(only ?? '', /:4:\d+ modules\[0\]: m failed: no luck \(without it no request can be judged\)$/);
});

function yaml(instance: string, entry: string, top = ''): string {
  return `
listen: [{ address: "127.0.0.1:0" }]
modules: [ ${entry} ]
tenants: { shop: { hosts: [shop.example], routes: [{ cluster: web }] } }
clusters: { web: { instances: [{ address: "${instance}" }] } }
${top}`;
}

async function site(t: TestContext) {
  const origin = await startOrigin(t, answering(ok('hello')));
  return { origin, config: (entry: string, top = '') => yaml(origin.address, entry, top) };
}

let folders = 0;

/** Files on disk, because Node loads them. `events`: what modules have written under `log`. */
function folder(t: TestContext, files: Readonly<Record<string, string>>) {
  const directory = mkdtempSync(join(tmpdir(), 'portico-'));
  t.after(() => rmSync(directory, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  const log = `stampLog${folders++}`;
  const events = (): string[] => ((globalThis as Record<string, unknown>)[log] as string[] | undefined) ?? [];
  return { directory, log, events };
}

test('the example lets partners in, and nobody else', async (t) => {
  const origin = await startOrigin(t, answering(ok('hello')));
  const file = join(import.meta.dirname, '../../conf/examples/own-module/partner-keys.mjs');
  const settings = '{ header: x-partner-key, keys: { "7d3f0c": acme } }';
  const front = await startFront(t, yaml(origin.address, `{ use: ${file}, with: ${settings} }`));
  const client = await openClient(t, front.port());

  client.send(requestText('GET /', ['X-Partner-Key: 1']));
  const refused = await client.message();
  client.send(requestText('GET /', ['X-Partner-Key: 7d3f0c']));
  const served = await client.message();

  assert.deepEqual([refused.status, served.status], [401, 200]);
  assert.match(origin.text, /^x-partner: acme\r$/m);
  assert.doesNotMatch(origin.text, /7d3f0c/);
  assert.deepEqual(
    front.exchanges.map(({ facts, answeredBy }) => [facts?.tags, answeredBy]),
    [
      [['partner', 'unknown'], 'modules[0]'],
      [['partner', 'acme'], ''],
    ],
  );
});
