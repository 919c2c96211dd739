import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_EXPECTATIONS } from '../../../src/config/check-expectations.ts';
import { type LoadOptions, parseConfig } from '../../../src/config/load.ts';
import { judgeExpectations } from '../../../src/explain/judge-expectations.ts';
import { shortProblems } from '../../support/configuration.ts';

const OPTIONS: LoadOptions = { judgeExpectations, handlers: new Set(['hello']) };

const ROUTES = [
  'clusters:',
  '  web: { instances: [{ address: "127.0.0.1:1" }] }',
  '  api: { instances: [{ address: "127.0.0.1:1" }] }',
  '  beta: { instances: [{ address: "127.0.0.1:1" }] }',
  'tenants:',
  '  other: { hosts: [other.example], routes: [{ cluster: web }] }',
  '  sealed: { hosts: [sealed.example], tls: { passthrough: api } }',
  '  shop:',
  '    hosts: ["*.shop.example", shop.example, "2001:db8::1"]',
  '    vips: [10.1.2.3]',
  '    routes:',
  `      - { path: "/api/*", when: 'req_header_value_in("x-beta", "1", false)', cluster: beta }`,
  '      - { path: "/api/*", cluster: api }',
  '      - { path: /hello, handler: hello }',
  '      - { path: /old, redirect: { to: /new, status: 308 } }',
  '      - { path: /gone, respond: { status: 410 } }',
  `      - { path: /in, when: 'req_cip_range("10.0.0.0", "10.255.255.255")', cluster: web }`,
  `      - { path: /tls, when: 'req_proto_secure()', cluster: web }`,
  `      - { path: /night, when: 'bfe_periodic_time_range("010000Z", "045959Z", "")', cluster: beta }`,
  '      - { path: /night, cluster: web }',
  '      - { path: /post, when: \'req_method_in("POST")\', cluster: web }',
  '      - { host: m.shop.example, cluster: beta }',
  `      - { path: /json, when: 'req_body_json_in("a.b", "x", false)', cluster: beta }`,
  '      - { path: /json, cluster: web }',
  '    expect:',
];

/** Complaints about these cases, each `CASE@WORD message (hint)`: cases count from 1, WORD is what is pointed at. */
function judge(cases: readonly string[], listen = ':1', options = OPTIONS): string[] {
  const listener = `listen: [{ address: "${listen}", tls: ${listen === ':443'} }]`;
  const certificate = listen === ':443' ? 'certificates: [{ cert: c, key: c, default: true }]' : '';
  const lines = [listener, certificate, ...ROUTES, ...cases.map((text) => `      - { ${text} }`)];
  const result = parseConfig(lines.join('\n'), 'portico.yaml', { ...options, readFile: () => 'pem' });
  if (result.ok) return [];
  return result.problems.map(({ line, column, sourceLine = '', message, hint }) => {
    const [word] = /^(?:"[^"]*"|\w+(?=: )|[^\s,}]*)/.exec(sourceLine.slice(column - 1))!;
    const shown = hint === undefined ? '' : ` (${hint})`;
    return `${line - ROUTES.length - 2}@${word} ${message}${shown}`;
  });
}

describe('a case holds', () => {
  const good: readonly string[] = [
    'request: GET /api/x, cluster: api',
    'request: GET /api/x, headers: { X-Beta: "1" }, cluster: beta, route: "/api/* when #1"',
    'request: /api/x, cluster: api',
    'request: GET /%61pi/../api/x?y, cluster: api, route: "/api/*"',
    'request: GET /hello, handler: hello',
    'request: GET /old, redirect: /new, status: 308',
    'request: GET /gone, status: 410',
    'request: GET /nothing, error: no-route, status: 404',
    'request: GET /in, client: 10.9.9.9, cluster: web',
    'request: GET /in, client: 192.0.2.1, error: no-route',
    'request: GET /in, error: no-route',
    'request: POST /post, cluster: web',
    'request: GET http://m.shop.example/any, cluster: beta',
    'request: GET /any, host: m.shop.example, cluster: beta, route: m.shop.example',
    'request: GET /api/, host: "2001:db8::1", cluster: api',
    'request: GET http://nobody.example/api/, error: no-tenant',
    'request: GET http://nobody.example/api/, vip: 10.1.2.3, cluster: api',
    'request: GET /night, at: 2026-12-24T02:00:00Z, cluster: beta',
    'request: GET /night, at: 2026-12-24T02:00:00-08:00, cluster: web',
    'request: GET https://shop.example/tls, cluster: web',
    'request: GET /tls, sni: shop.example, cluster: web',
    'request: GET /tls, error: no-route',
    'request: GET /api/, sni: other.example, error: misdirected-request, status: 421',
    `request: POST /json, body: '{"a":{"b":"x"}}', cluster: beta`,
    `request: POST /json, body: '{"a":{"b":"y"}}', cluster: web`,
    `request: POST /json, body: '{"a":{"b":"x"}}', headers: { Content-Type: text/plain }, cluster: web`,
    `request: POST /json, body: '{"a":{"b":"x"},"c":"${'x'.repeat(65_536)}"}', cluster: web`,
    'request: POST /json, cluster: web',
  ];
  for (const text of good) it(text, () => assert.deepEqual(judge([text]), []));

  it('over TLS, where the file has a TLS listener and the case does not say', () => {
    assert.deepEqual(judge(['request: GET /tls, cluster: web'], ':443'), []);
    assert.deepEqual(judge(['request: GET http://shop.example/tls, error: no-route'], ':443'), []);
  });

  it('of a connection that is relayed', () => {
    const text = ROUTES.join('\n').replace(
      'passthrough: api } }',
      'passthrough: api }, expect: [{ request: GET https://sealed.example/, cluster: api }, { request: GET https://sealed.example/, cluster: web }] }',
    );
    const problems = shortProblems(
      parseConfig(`listen: [{ address: ":1" }]\n${text} []`, 'portico.yaml', OPTIONS),
    );
    assert.equal(problems.length, 1);
    assert.match(problems[0]!, /expected cluster web, but the connection is relayed to cluster api/);
  });
});

describe('a case fails at what it expects, and says what was decided', () => {
  const explain = 'see why: portico explain';
  const bad: readonly (readonly [string, string])[] = [
    [
      'request: GET /api/x, cluster: beta',
      `1@beta expected cluster beta, but the route "/api/*" leads to cluster api (${explain} http://shop.example/api/x)`,
    ],
    [
      `request: POST /api/x, headers: { x-a: "it's" }, client: 10.0.0.1, vip: 10.0.0.2, route: "/x"`,
      `1@"/x" expected the route "/x", but the route "/api/*" leads to cluster api (${explain} http://shop.example/api/x --method POST --header 'x-a: it'\\''s' --client-ip 10.0.0.1 --vip 10.0.0.2)`,
    ],
    [
      'request: GET /hello, cluster: web',
      `1@web expected cluster web, but the route "/hello" leads to handler hello (${explain} http://shop.example/hello)`,
    ],
    [
      'request: GET /old, redirect: /newer',
      `1@/newer expected a redirect to /newer, but the route "/old" redirects to /new (308) (${explain} http://shop.example/old)`,
    ],
    [
      'request: GET /old, redirect: /new, status: 301',
      `1@301 expected status 301, but the route "/old" redirects to /new (308) (${explain} http://shop.example/old)`,
    ],
    [
      'request: GET /api/, status: 200',
      `1@200 expected status 200, but the route "/api/*" leads to cluster api (${explain} http://shop.example/api/)`,
    ],
    [
      'request: TRACE /api/, headers: { max-forwards: "0" }, cluster: api',
      `1@api expected cluster api, but the request may go no further (501 method-not-implemented) (${explain} http://shop.example/api/ --method TRACE --header 'max-forwards: 0')`,
    ],
    [
      'request: OPTIONS /api/, headers: { max-forwards: "0" }, cluster: api',
      `1@api expected cluster api, but the request may go no further (200) (${explain} http://shop.example/api/ --method OPTIONS --header 'max-forwards: 0')`,
    ],
    [
      'request: GET /gone, error: no-route',
      `1@no-route expected the error no-route, but the route "/gone" answers 410 (${explain} http://shop.example/gone)`,
    ],
    [
      'request: GET /none, cluster: web',
      `1@web expected cluster web, but no route of tenant shop matches (404 no-route) (${explain} http://shop.example/none)`,
    ],
    [
      'request: GET http://nobody.example/, handler: hello',
      `1@hello expected handler hello, but no tenant has the host "nobody.example" (404 no-tenant) (${explain} http://nobody.example/)`,
    ],
    [
      'request: GET /api/, sni: other.example, cluster: api',
      `1@api expected cluster api, but the connection is not for the host "shop.example" (421 misdirected-request) (${explain} https://shop.example/api/ --sni other.example)`,
    ],
    [
      'request: GET http://other.example/, cluster: web',
      `1@web expected cluster web, but the request is one of tenant other (${explain} http://other.example/)`,
    ],
    [
      `request: PUT /json, body: '{"a":{"b":"y"}}', cluster: beta`,
      `1@beta expected cluster beta, but the route "/json" leads to cluster web (${explain} http://shop.example/json --method PUT --data '{"a":{"b":"y"}}')`,
    ],
    [
      'request: GET /night, cluster: web',
      '1@GET what becomes of this request depends on the time (say when it is made: at: "2026-12-24T18:00:00Z")',
    ],
    [
      'request: GET /night, at: 2026-12-24T02:00:00Z, cluster: web',
      `1@web expected cluster web, but the route "/night when #8" leads to cluster beta (${explain} http://shop.example/night --at 2026-12-24T02:00:00.000Z)`,
    ],
  ];
  for (const [text, problem] of bad) it(text, () => assert.deepEqual(judge([text]), [problem]));

  it('each by itself', () => {
    const cases = [
      'request: GET /api/, cluster: web',
      'request: GET /api/, cluster: api',
      'request: GET /, cluster: web',
    ];

    assert.deepEqual(
      judge(cases).map((problem) => problem.slice(0, 4)),
      ['1@we', '3@we'],
    );
  });
});

describe('a case that cannot be judged is refused', () => {
  const bad: readonly (readonly [string, string | RegExp])[] = [
    [
      'request: GET /',
      '1@{ the case expects nothing (give it one of cluster, handler, route, redirect, status or error)',
    ],
    ['cluster: web', '1@{ "request" is missing'],
    ['request: GET / HTTP/1.1, cluster: web', /^1@GET a request is a method and a URL or path/],
    ['request: "G(T /", cluster: web', /^1@"G\(T \/" not a method: G\(T/],
    ['request: 7, cluster: web', /^1@7 expected a request such as "GET \/cart"/],
    ['request: GET shop.example, cluster: web', /^1@GET not an http or https URL: shop\.example/],
    ['request: GET /café, cluster: web', /^1@GET percent-encode/],
    ['request: GET http://u@shop.example/, cluster: web', /^1@GET not a host with an optional port: u@shop/],
    ['request: GET /, cluster: wbe', '1@wbe there is no cluster "wbe" (did you mean "web"?)'],
    ['request: GET /, handler: helo', /^1@helo there is no handler "helo"/],
    ['request: GET /, error: no-such', /^1@no-such expected no-route, no-tenant or misdirected-request/],
    ['request: GET /, host: "*.shop.example", cluster: web', /^1@"\*\.shop.example" expected one host/],
    [
      'request: GET http://a.example/, host: a.example, cluster: web',
      /^1@host the request names its host already/,
    ],
    ['request: GET http://a.example/, sni: a.example, cluster: web', /^1@sni there is no SNI without TLS/],
    [
      'request: GET /, headers: { Host: x }, cluster: web',
      /^1@Host the host is not a header here \(write it beside/,
    ],
    ['request: GET /, headers: { "a b": x }, cluster: web', /^1@"a b" "a b" is not a header name/],
    ['request: GET /, client: 10.0.0.0/8, cluster: web', /^1@10\.0\.0\.0\/8 expected an IP address/],
    ['request: GET /, at: noon, cluster: web', /^1@noon expected a time with its zone/],
    [
      'request: GET /, at: 2026-12-24T18:00:00, cluster: web',
      /^1@2026-12-24T18:00:00 expected a time with its zone/,
    ],
    [
      'request: GET /, at: 2026-13-24T18:00:00Z, cluster: web',
      /^1@2026-13-24T18:00:00Z expected a time with its zone/,
    ],
  ];
  for (const [text, expected] of bad)
    it(text, () => {
      const problems = judge([text]);
      assert.equal(problems.length, 1, problems.join('\n'));
      if (typeof expected === 'string') assert.equal(problems[0], expected);
      else assert.match(problems[0]!, expected);
    });

  it('where the tenant has wildcards only, and no host is named', () => {
    const text = [
      'listen: [{ address: ":1" }]',
      'tenants:',
      '  a:',
      '    hosts: ["*.a.example"]',
      '    routes: [{ respond: { status: 200 } }]',
      '    expect:',
      '      - { request: GET /, status: 200 }',
      '      - { request: GET /, host: b.a.example, status: 200 }',
    ].join('\n');

    assert.deepEqual(shortProblems(parseConfig(text, 'portico.yaml', OPTIONS)), [
      '7:9 the tenant has wildcards only, and the case names no host (add host: …)',
    ]);
  });

  it('where there are too many', () => {
    const cases = Array.from({ length: MAX_EXPECTATIONS }, () => 'request: GET /api/, cluster: api');

    assert.deepEqual(judge(cases), []);
    assert.match(judge([...cases, cases[0]!]).join(), /^0@expect: a tenant has at most 1000 cases, not 1001/);
  });

  it('and none is judged while anything else is wrong with the file', () => {
    assert.deepEqual(judge(['request: GET /api/, cluster: web', 'request: GET /, cluster: wbe']), [
      '2@wbe there is no cluster "wbe" (did you mean "web"?)',
    ]);
  });

  it('and none without a judge', () => {
    assert.deepEqual(judge(['request: GET /api/, cluster: web'], ':1', { handlers: new Set(['hello']) }), []);
  });
});

describe('modules', () => {
  const modules = `[
      { block: { paths: ["/secret/*"] } },
      { redirect: { scheme: https }, when: 'req_path_in("/plain", false)' },
      { respond: { status: 503 }, when: 'req_path_in("/night", false) && bfe_periodic_time_range("010000Z", "045959Z", "")' }]`;
  const load = (...cases: readonly string[]) =>
    shortProblems(
      parseConfig(
        `listen: [{ address: ":1" }]
tenants:
  a:
    hosts: [a.example]
    modules: ${modules}
    routes: [{ cluster: web }]
    expect:
${cases.map((text) => `      - { ${text} }`).join('\n')}
clusters: { web: { instances: [{ address: "127.0.0.1:1" }] } }
`,
        'portico.yaml',
        OPTIONS,
      ),
    ).map((problem) => problem.replace(/^\d+:\d+ | \(see why.*/g, ''));

  it('decide as in traffic, before the route', () => {
    const good = [
      'request: GET /x, cluster: web',
      'request: GET /secret/x, status: 403, route: default',
      'request: GET /plain, redirect: "https://a.example/plain"',
      'request: GET /night, at: 2026-12-24T02:00:00Z, status: 503',
      'request: GET /night, at: 2026-12-24T12:00:00Z, cluster: web',
    ];

    assert.deepEqual(load(...good), []);
  });

  it('are named where they answer instead', () => {
    assert.deepEqual(
      load(
        'request: GET /secret/x, cluster: web',
        'request: GET /plain, cluster: web',
        'request: GET /night, cluster: web',
      ),
      [
        'expected cluster web, but the module tenants.a.modules[0] answers 403',
        'expected cluster web, but the module tenants.a.modules[1] redirects to https://a.example/plain (302)',
        'what becomes of this request depends on the time (say when it is made: at: "2026-12-24T18:00:00Z")',
      ],
    );
  });
});

describe('splits', () => {
  const load = (...cases: readonly string[]) =>
    shortProblems(
      parseConfig(
        `listen: [{ address: ":1" }]
tenants:
  a:
    hosts: [a.example]
    routes:
      - { path: /keyed, split: [{ cluster: old, weight: 50 }, { cluster: new, weight: 50 }], splitOn: cookie:uid }
      - { path: /off, split: [{ cluster: old, weight: 100 }, { cluster: new, weight: 0 }] }
      - { split: [{ cluster: old, weight: 90 }, { cluster: off, weight: 0 }, { cluster: new, weight: 10 }] }
    expect:
${cases.map((text) => `      - { ${text} }`).join('\n')}
clusters:
  old: { instances: [{ address: "127.0.0.1:1" }] }
  new: { instances: [{ address: "127.0.0.1:1" }] }
  off: { instances: [{ address: "127.0.0.1:1" }] }
`,
        'portico.yaml',
        OPTIONS,
      ),
    ).map((problem) => problem.replace(/^\d+:\d+ | \(see why.*/g, ''));
  const keyed = (key: string) => `request: GET /keyed, headers: { cookie: uid=${key} }`;

  it('lead where the key decides', () => {
    assert.deepEqual(
      load(
        `${keyed('cy')}, cluster: old`,
        `${keyed('ann')}, cluster: new`,
        'request: GET /keyed, client: 198.51.100.7, cluster: old',
        `${keyed('cy')}, cluster: new`,
      ),
      ['expected cluster new, but the route "/keyed" leads to cluster old'],
    );
  });

  it('may lead to each cluster that has a share, where nothing is said that decides', () => {
    assert.deepEqual(
      load(
        'request: GET /, cluster: old',
        'request: GET /, cluster: new, route: default',
        'request: GET /keyed, cluster: old',
        'request: GET /keyed, cluster: new',
        'request: GET /off, cluster: old',
        'request: GET /, cluster: off',
        'request: GET /off, cluster: new',
        'request: GET /keyed, cluster: off',
      ),
      [
        'expected cluster off, but the route "default" leads to cluster old (90 %) or new (10 %)',
        'expected cluster new, but the route "/off" leads to cluster old',
        'expected cluster off, but the route "/keyed" leads to cluster old (50 %) or new (50 %)',
      ],
    );
  });
});

describe('isolated tenants', () => {
  const load = (...lines: string[]) =>
    parseConfig(
      [
        'listen: [{ address: ":1" }]',
        'clusters: { web: { instances: [{ address: "127.0.0.1:1" }] } }',
        'tenants:',
        ...lines,
      ].join('\n'),
      'portico.yaml',
      OPTIONS,
    );
  const tenant = (name: string, expected: string, isolate = true) =>
    `  ${name}: { isolate: ${isolate}, hosts: [${name}.example], routes: [{ cluster: web }], expect: [{ request: GET /, ${expected} }] }`;

  it('are left out for a case that fails, and the rest is taken', () => {
    const result = load(tenant('good', 'cluster: web', false), tenant('bad', 'status: 404'));

    assert.ok(result.ok);
    assert.deepEqual(result.leftOut, ['bad']);
    assert.deepEqual(
      result.warnings.map(({ line, message }) => `${line} ${message}`),
      ['5 tenant bad is left out: expected status 404, but the route "default" leads to cluster web'],
    );
    const { target } = result.settings.tenants.find(({ name }) => name === 'bad')!.routes[0]!;
    assert.ok(target.kind === 'respond' && target.status === 503);
  });

  it('are left out for other mistakes first, and the cases of all others are judged then', () => {
    const broken = '  broken: { isolate: true, hosts: [broken.example], routes: [{ cluster: wbe }] }';
    const result = load(broken, tenant('bad', 'status: 404'), tenant('good', 'cluster: web'));
    const refused = load(broken, tenant('bad', 'status: 404', false));

    assert.ok(result.ok);
    assert.deepEqual(result.leftOut, ['broken', 'bad']);
    assert.equal(result.warnings.length, 2);
    assert.deepEqual(
      shortProblems(refused).map((problem) => problem.replace(/ \(see why.*/, '')),
      [
        '4:73 there is no cluster "wbe" (did you mean "web"?)',
        '5:111 expected status 404, but the route "default" leads to cluster web',
      ],
    );
  });
});
