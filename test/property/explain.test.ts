import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { Explainer } from '../../src/explain/explainer.ts';
import { readQuestion } from '../../src/explain/question.ts';
import { testCertificate } from '../support/certificates.ts';
import { openClient, openTlsClient } from '../support/client.ts';
import { startFront, type TestFront } from '../support/front.ts';
import { eachRequest, ok, startOrigin } from '../support/origin.ts';
import type { Peer } from '../support/peer.ts';

// Whatever stands in a configuration: what `explain` says of a request is what becomes of it. Both are asked with the same words, one over
// a socket.

const HOSTS = ['a.test', 'b.test', 'x.a.test', 'y.x.a.test'];
const PATTERNS = [...HOSTS, '*.a.test', '*.x.a.test', '*.test'];
const PATHS = ['/a', '/a/b', '/%61', '/a%2Fb', '/', '//a', '/a/', '/__proto__'];
const CONDITIONS = [
  'req_method_in("GET")',
  '!req_method_in("GET")',
  'req_host_in("a.test|b.test")',
  'req_host_suffix_in("a.test")',
  'req_path_in("/a|/a/b", false)',
  'req_path_prefix_in("/A", true)',
  'req_path_element_prefix_in("/a", false)',
  'req_query_value_in("q", "1", false)',
  'req_query_exist()',
  'req_header_value_in("x-beta", "1|yes", true)',
  'req_header_key_in("X-Beta")',
  'req_cookie_value_in("uid", "ann", false)',
  'req_cip_range("10.0.0.0", "10.255.255.255")',
  'req_proto_secure()',
  'req_url_regmatch(`^/a.*q=`)',
  'req_tag_match("kind", "new")',
  'req_port_in("80|99")',
  'req_vip_in("127.0.0.1")',
  'req_header_value_hash_in("x-beta", "0-4999", true)',
];

const condition = fc
  .array(fc.tuple(fc.constantFrom(...CONDITIONS), fc.constantFrom(' && ', ' || ')), {
    minLength: 1,
    maxLength: 3,
  })
  .map((parts) => parts.map(([text, join], i) => (i === 0 ? text : `${join}${text}`)).join(''));

const moduleAction = fc.constantFrom(
  'block: { methods: [TRACE, DELETE] }',
  'block: { paths: ["/a/b", "/a/c/*"] }',
  'redirect: { scheme: https, status: 308 }',
  'redirect: { host: b.test, status: 301 }',
  'redirect: { path: "/moved%{path}" }',
  'respond: { status: 503, body: "closed" }',
  'rewrite: { trimPrefix: /a }',
  'rewrite: { host: inner.test }',
  'rewrite: { query: { delete: [q] } }',
  'rewrite: { replace: { pattern: "^/a(/.*)?$", with: "/z$1" } }',
  'tag: { kind: new }',
  'headers: { request: { set: { X-Beta: "1" } } }',
);

const moduleEntry = fc
  .record({ when: fc.option(condition, { freq: 1 }), action: moduleAction })
  .map(({ when, action }) => `{ ${when === null ? '' : `when: '${when}', `}${action} }`);

const modules = fc.array(moduleEntry, { maxLength: 2 }).map((list) => `[${list.join(', ')}]`);

const target = fc.constantFrom(
  'cluster: one',
  'cluster: two',
  'split: [{ cluster: one, weight: 1 }, { cluster: two, weight: 1 }], splitOn: "cookie:uid"',
  'split: [{ cluster: one, weight: 1 }, { cluster: two, weight: 3 }], splitOn: address',
  'redirect: { to: "/elsewhere", status: 307 }',
  'respond: { status: 204 }',
  'respond: { status: 200, body: here }',
);

const route = fc
  .record({
    host: fc.option(fc.constantFrom(...PATTERNS), { freq: 1 }),
    path: fc.option(
      fc
        .tuple(fc.constantFrom(...PATHS.filter((path) => path !== '/%61')), fc.boolean())
        .map(([path, isPrefix]) => (isPrefix ? `${path.replace(/\/$/, '')}/*` : path)),
      { freq: 3 },
    ),
    when: fc.option(condition, { freq: 1 }),
    target,
    modules,
  })
  .map(
    ({ host, path, when, target: to, modules: list }): { readonly place: string; readonly text: string } => {
      const parts = [
        host === null ? '' : `host: "${host}"`,
        path === null ? '' : `path: "${path}"`,
        when === null ? '' : `when: '${when}'`,
        to,
        list === '[]' ? '' : `modules: ${list}`,
      ];
      const text = `{ ${parts.filter((part) => part !== '').join(', ')} }`;
      // Behind one of the same place without a condition a route would never be chosen, which is an error.
      return { place: when === null ? `${host} ${path}` : text, text };
    },
  );

const tenant = fc.record({
  routes: fc
    .uniqueArray(route, { minLength: 1, maxLength: 6, selector: ({ place }) => place })
    .map((routes) => routes.map(({ text }) => text)),
  modules,
  tls: fc.constantFrom('', 'tls: { minVersion: "1.3" }', 'tls: { protocols: [h2, http/1.1] }'),
});

const configuration = fc
  .record({
    modules,
    trusted: fc.boolean(),
    hasDefault: fc.boolean(),
    vip: fc.boolean(),
    owners: fc.array(fc.nat({ max: 2 }), { minLength: PATTERNS.length, maxLength: PATTERNS.length }),
    tenants: fc.array(tenant, { minLength: 1, maxLength: 3 }),
  })
  .map((made) => {
    const names = made.tenants.map((_, i) => `t${i}`);
    const owners = PATTERNS.map((_, i) => made.owners[i]! % (names.length + 1));
    return `
listen: [{ address: "127.0.0.1:0" }, { address: "127.0.0.1:0", tls: true }]
drain: 50ms
certificates:
  - { hosts: [a.test], cert: ab.pem, key: ab.key }
  - { cert: wild.pem, key: wild.key }
  - { cert: rest.pem, key: rest.key, default: true }
${made.trusted ? 'trustedProxies: ["127.0.0.1"]\n' : ''}${made.hasDefault ? 'defaultTenant: t0\n' : ''}modules: ${made.modules}
tenants:
${made.tenants
  .map((one, i) => {
    const hosts = PATTERNS.filter((_, at) => owners[at] === i).map((host) => `"${host}"`);
    return `  t${i}:
    hosts: [${[`"own${i}.test"`, ...hosts].join(', ')}]
${made.vip && i === names.length - 1 ? '    vips: ["127.0.0.1"]\n' : ''}${one.tls === '' ? '' : `    ${one.tls}\n`}    modules: ${one.modules}
    routes:
${one.routes.map((text) => `      - ${text}`).join('\n')}
`;
  })
  .join('')}
clusters:
  one: { instances: [{ address: "ORIGIN" }] }
  two: { instances: [{ address: "ORIGIN" }] }
`;
  });

const request = fc.record({
  method: fc.constantFrom('GET', 'GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE'),
  host: fc.constantFrom(
    ...HOSTS,
    'A.Test',
    'a.test.',
    'a.test:99',
    'z.test',
    'own1.test',
    '127.0.0.1',
    'nobody',
  ),
  path: fc.constantFrom(
    ...PATHS,
    '/a?q=1',
    '/a/../a/b',
    '/a/%2e%2E/%61/',
    '/a%2fb',
    '/A',
    '/a/c?q=2&q=1',
    '/a//b?',
    '/%61/c/d',
    '/constructor',
    '/a;b',
  ),
  sni: fc.constantFrom(undefined, '', ...HOSTS, 'A.test', 'other.test'),
  fields: fc.subarray([
    'x-beta: 1',
    'x-beta: YES',
    'cookie: uid=ann',
    'cookie: uid=eve; a=b',
    'x-forwarded-for: 10.1.2.3',
    'x-forwarded-for: nonsense',
    'x-forwarded-proto: https',
    'max-forwards: 0',
    'max-forwards: 3',
  ]),
});

const FILES = {
  ...pair('ab', ['a.test', 'b.test']),
  ...pair('wild', ['*.a.test']),
  ...pair('rest', ['own1.test']),
};

function pair(name: string, hosts: readonly string[]): Record<string, string> {
  const { cert, key } = testCertificate(hosts);
  return { [`${name}.pem`]: cert, [`${name}.key`]: key };
}

test('what is explained is what becomes of a request', { timeout: 120_000 }, async (t) => {
  const sent: string[] = [];
  const origin = await startOrigin(
    t,
    eachRequest(({ startLine, headers }, connection) => {
      sent.push(`${headers.get('host')} ${startLine.split(' ')[1]}`);
      connection.send(ok(''));
    }),
  );
  const front = await startFront(t, FIRST, { files: FILES });
  let asked = 0;
  await fc.assert(
    fc.asyncProperty(
      configuration,
      fc.array(request, { minLength: 5, maxLength: 12 }),
      async (yaml, requests) => {
        const settings = front.settingsFrom(yaml.replaceAll('ORIGIN', origin.address));
        front.listeners = await front.server.reload(settings);
        const explainer = new Explainer(settings);
        for (const one of requests) {
          const said = outcomeOf(explainer.decide(questionOf(one)));
          const before = sent.length;
          const done = await live(t, front, one);
          asked += 1;
          assert.deepEqual({ ...done, forwarded: sent.slice(before).join() }, said, JSON.stringify(one));
        }
      },
    ),
    { numRuns: 60 },
  );
  assert.ok(asked > 200);
});

const FIRST = `
listen: [{ address: "127.0.0.1:0" }, { address: "127.0.0.1:0", tls: true }]
drain: 50ms
certificates: [{ cert: rest.pem, key: rest.key, default: true }]
tenants: { t0: { hosts: ["a.test"], routes: [{ respond: { status: 200 } }] } }
`;

type Asked = typeof request extends fc.Arbitrary<infer T> ? T : never;

/** What both say of a request, in one form. */
interface Outcome {
  readonly tenant: string;
  readonly route: string;
  readonly cluster: string;
  readonly forwarded: string;
  /** Of an answer of ours. */
  readonly status: number;
}

function questionOf({ method, host, path, sni, fields }: Asked) {
  const scheme = sni === undefined ? 'http' : 'https';
  const question = readQuestion({
    url: `${scheme}://${host}${path}`,
    method,
    headers: fields,
    sni,
    clientIp: '127.0.0.1',
    vip: '127.0.0.1',
  });
  return typeof question === 'string' ? assert.fail(question) : question;
}

function outcomeOf({ tenant, route, target, forwarded, answer }: ReturnType<Explainer['decide']>): Outcome {
  return {
    tenant: tenant?.name ?? '',
    route: route ?? '',
    cluster: answer === null && target?.kind === 'cluster' ? target.cluster : '',
    forwarded: forwarded === null ? '' : `${forwarded.authority} ${forwarded.path}`,
    status: answer?.status ?? 0,
  };
}

async function live(t: TestContext, front: TestFront, one: Asked): Promise<Omit<Outcome, 'forwarded'>> {
  const { method, host, path, sni, fields } = one;
  const client: Peer =
    sni === undefined
      ? await openClient(t, front.port())
      : await openTlsClient(t, front.port(1), { ...(sni === '' ? {} : { servername: sni }) });
  const before = front.exchanges.length;
  client.send(
    `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${fields.map((line) => `${line}\r\n`).join('')}\r\n`,
  );
  await front.until(() => front.exchanges.length > before, 'the exchange');
  client.socket.destroy();
  const { tenant, route: taken, cluster, status, instance } = front.exchanges[before]!;
  const isForwarded = instance !== undefined;
  return {
    tenant: tenant?.name ?? '',
    route: taken,
    cluster: isForwarded ? (cluster?.name ?? '') : '',
    status: isForwarded ? 0 : status,
  };
}
