import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { refuseExplain, runExplain } from '../../../src/cli/explain.ts';
import { type ExplainArguments, readExplainArguments } from '../../../src/cli/explain-arguments.ts';
import type { RouteSettings, Settings } from '../../../src/core/settings.ts';
import type { Decision } from '../../../src/explain/decision.ts';
import { acmeSettings } from '../../support/acme-settings.ts';
import { testCertificate } from '../../support/certificates.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';
import { clusterSettings } from '../balance/cluster-settings.ts';

const TLS = { protocols: ['h2', 'http/1.1'], minVersion: '1.2', maxVersion: '1.3' } as const;
const WEB = { kind: 'cluster', cluster: 'web' } as const;

function route(
  path: string | undefined,
  target: RouteSettings['target'] = WEB,
  host?: string,
): RouteSettings {
  return { host, path, target };
}

function certificate(
  hosts: string[],
  isDefault = false,
  vips: string[] = [],
): Settings['certificates'][number] {
  return { hosts, vips, cert: '', key: '', certFile: '', keyFile: '', isDefault };
}

const SHOP_ROUTES = [
  route('/api/*'),
  route('/old/*', { kind: 'redirect', to: 'https://shop.example/', status: 301 }),
  route('/robots.txt', { kind: 'respond', status: 200, headers: [], body: 'hi' }),
  route('/m', WEB, 'm.shop.example'),
];

const SETTINGS: Settings = {
  workers: 1,
  drainMs: 10_000,
  moduleTimeoutMs: 5000,
  listeners: [],
  admin: undefined,
  log: { level: 'info', access: { kind: 'off' } },
  timeouts: { clientHeaderMs: 1, clientIdleMs: 1, clientBodyMs: 1, clientWriteMs: 1 },
  limits: { headBytes: 1, lineBytes: 1, headers: 1, maxBodyBytes: undefined, conditionBodyBytes: 1024 },
  http2: { maxStreams: 1, streamWindowBytes: 1, connectionWindowBytes: 1, glitches: 1 },
  trustedProxies: [],
  tickets: { rotateMs: 3_600_000, keys: undefined },
  acme: [],
  certificates: [
    certificate(['shop.example', '*.shop.example']),
    certificate(['default.example'], true),
    certificate(['rest.example'], false, ['10.1.2.3']),
  ],
  tenants: [
    { name: 'shop', hosts: ['shop.example', '*.shop.example'], vips: [], tls: TLS, routes: SHOP_ROUTES },
    { name: 'rest', hosts: ['rest.example'], vips: ['10.1.2.3'], tls: TLS, routes: [route(undefined)] },
  ],
  defaultTenant: undefined,
  clusters: [clusterSettings([2, 1])],
};

function explain(args: string[], settings: Settings = SETTINGS): { code: number; out: string; err: string } {
  const result = { code: 0, out: '', err: '' };
  const out = { write: (text: string) => (result.out += text) };
  const err = { write: (text: string) => (result.err += text) };
  const read = readExplainArguments(args);
  const loaded = { ok: true, settings, files: [], named: [], leftOut: [], warnings: [] } as const;
  result.code = typeof read === 'string' ? refuseExplain(read, err) : runExplain(read, loaded, out, err);
  return result;
}

function asked(args: string[]): ExplainArguments {
  const read = readExplainArguments(args);
  assert.ok(typeof read !== 'string');
  return read;
}

function decide(args: string[], settings: Settings = SETTINGS): Decision {
  const { code, out, err } = explain([...args, '--json'], settings);
  assert.equal(err, '');
  assert.equal(code, 0);
  return JSON.parse(out) as Decision;
}

test('takes tenant and certificate of the VIP where no name decides', () => {
  const atVip = decide(['https://nobody.example/', '--vip', '10.1.2.3']);
  const atMapped = decide(['https://nobody.example/', '--vip', '::ffff:10.1.2.3']);
  const elsewhere = decide(['https://nobody.example/', '--vip', '10.1.2.4']);
  const named = decide(['https://shop.example/api/', '--vip', '10.1.2.3']);

  assert.deepEqual(atVip.tenant, { name: 'rest', by: 'VIP 10.1.2.3: no tenant names this host' });
  assert.deepEqual(atVip.certificate, ['rest.example']);
  assert.deepEqual(atMapped, atVip);
  assert.equal(elsewhere.tenant, null);
  assert.deepEqual(elsewhere.certificate, ['default.example']);
  assert.equal(named.tenant?.name, 'shop');
  assert.deepEqual(named.certificate, ['shop.example', '*.shop.example']);
  assert.match(
    explain(['http://nobody.example/', '--vip', '10.1.2.3']).out,
    /^request +GET .* at 10\.1\.2\.3$/m,
  );
  assert.match(explain(['http://nobody.example/', '--vip', '10.1.2']).err, /not an IP address: 10\.1\.2/);
});

test('tells people every step from the request to the instances', () => {
  const { code, out } = explain([
    'https://A.shop.example:8443/x/%2e%2e/api/1?q=1',
    '--method',
    'POST',
    '--header',
    'X-Beta: 1',
    '--client-ip',
    '192.0.2.1',
  ]);

  assert.equal(code, 0);
  assert.equal(
    out,
    [
      'request      POST https://A.shop.example:8443/x/%2e%2e/api/1?q=1 from 192.0.2.1',
      '             x-beta: 1',
      'sni          a.shop.example',
      'certificate  shop.example, *.shop.example',
      'host         a.shop.example',
      'tenant       shop (wildcard host *.shop.example)',
      'path         /api/1',
      'routes          other host  m.shop.example/m',
      '                other path  /robots.txt',
      '             -> chosen      /api/*',
      '                other path  /old/*',
      'target       cluster web (round-robin)',
      '               a:80 weight 2',
      '               b:80 weight 1',
      'answer       from the cluster',
      '',
    ].join('\n'),
  );
});

test('shows to which second cluster a route copies its requests, where they go to the first', () => {
  const mirror = { cluster: 'web', percent: 12.5, maxBodyBytes: 1 };
  const settings: Settings = {
    ...SETTINGS,
    tenants: [{ name: 'shop', hosts: ['shop.example'], tls: TLS, routes: [{ ...route('/api/*'), mirror }] }],
  };

  const { out } = explain(['http://shop.example/api/1'], settings);
  assert.match(out, /\nmirror {7}12\.5 % of such requests are copied to cluster web\n/);
  assert.deepEqual(decide(['http://shop.example/api/1'], settings).mirror, { cluster: 'web', percent: 12.5 });
  assert.equal(decide(['http://shop.example/'], settings).mirror, null);
  assert.equal(decide(['http://shop.example/api/1']).mirror, null);
});

test('says whether an exact host, a wildcard or the default led to the tenant', () => {
  const withDefault = { ...SETTINGS, defaultTenant: 'rest' };

  assert.deepEqual(decide(['http://shop.example']).tenant, { name: 'shop', by: 'exact host shop.example' });
  assert.deepEqual(decide(['http://a.b.shop.example/']).tenant, {
    name: 'shop',
    by: 'wildcard host *.shop.example',
  });
  assert.deepEqual(decide(['http://nobody.example/'], withDefault).tenant, {
    name: 'rest',
    by: 'default tenant: no tenant names this host',
  });
});

test('shows fixed answers with their status', () => {
  const redirect = decide(['http://shop.example/old/x']);
  assert.deepEqual(redirect.target, { kind: 'redirect', to: 'https://shop.example/', status: 301 });
  assert.deepEqual(redirect.answer, { status: 301, error: null });

  const fixed = decide(['http://shop.example/robots.txt']);
  assert.deepEqual(fixed.target, { kind: 'respond', status: 200, body: 'hi' });
  assert.deepEqual(fixed.answer, { status: 200, error: null });
});

test('answers 404 without a tenant or a route, and says what was looked at', () => {
  assert.deepEqual(decide(['http://nobody.example/']).answer, { status: 404, error: 'no-tenant' });

  const decision = decide(['http://shop.example/nowhere']);
  assert.deepEqual(decision.answer, { status: 404, error: 'no-route' });
  assert.equal(decision.routes.length, SHOP_ROUTES.length);
  assert.equal(decision.route, null);
  assert.match(explain(['http://shop.example/nowhere']).out, /target +\(none\)\nanswer +404 no-route\n$/);
});

test('answers 421 for a host that the TLS connection does not serve', () => {
  const misdirected = { status: 421, error: 'misdirected-request' };

  assert.deepEqual(decide(['https://rest.example/', '--sni', 'shop.example']).answer, misdirected);
  assert.deepEqual(decide(['https://shop.example/', '--header', 'Host: rest.example']).answer, misdirected);
  assert.equal(decide(['https://shop.example/api', '--sni', 'a.shop.example']).answer, null);
  assert.equal(decide(['https://rest.example/']).answer, null);
  assert.equal(decide(['http://shop.example/', '--header', 'Host: rest.example']).answer, null);
});

test('answers 421 for a host of another tenant, whatever the certificate names', () => {
  const certificates = [certificate(['shop.example', 'rest.example'])];

  const { answer } = decide(['https://rest.example/', '--sni', 'shop.example'], {
    ...SETTINGS,
    certificates,
  });

  assert.deepEqual(answer, { status: 421, error: 'misdirected-request' });
});

test('a request that may go no further is answered here', () => {
  const last = ['http://shop.example/api/', '--header', 'Max-Forwards: 0', '--method'];

  const options = decide([...last, 'OPTIONS']);

  assert.deepEqual(
    [options.answer, options.target, options.forwarded],
    [{ status: 200, error: null }, null, null],
  );
  assert.deepEqual(decide([...last, 'TRACE']).answer, { status: 501, error: 'method-not-implemented' });
  assert.equal(decide([...last, 'GET']).answer, null);
});

test('goes by all names of a certificate, also where it is served for some of them only', () => {
  const { cert } = testCertificate(['shop.example', 'a.shop.example']);
  const certificates = [{ ...certificate(['shop.example']), cert }, certificate(['default.example'], true)];

  const { answer, certificate: names } = decide(['https://a.shop.example/api', '--sni', 'shop.example'], {
    ...SETTINGS,
    certificates,
  });

  assert.equal(answer, null);
  assert.deepEqual(names, ['shop.example', 'a.shop.example']);
});

test('asks for no name by SNI when the URL holds an address', () => {
  const decision = decide(['https://[::1]/', '--header', 'Host: rest.example']);

  assert.equal(decision.request.serverName, '');
  assert.deepEqual(decision.certificate, ['default.example']);
  assert.equal(decision.answer, null);
});

test('says that a handshake would fail when no certificate is there', () => {
  const { out } = explain(['https://shop.example/api'], { ...SETTINGS, certificates: [] });

  assert.match(out, /certificate +none: the handshake would fail\n/);
});

test('counts on a certificate that ACME is to obtain', () => {
  const acme = [acmeSettings({ hosts: ['rest.example'] })];
  const decision = decide(['https://rest.example/'], { ...SETTINGS, certificates: [], acme });

  assert.deepEqual(decision.certificate, ['rest.example']);
  assert.equal(decision.answer, null);
});

test('leaves it to others which configuration is the default', () => {
  assert.equal(asked(['http://h/']).file, undefined);
  assert.equal(asked(['http://h/', '-c', 'x.yaml', '-c', 'y.yaml']).file, 'y.yaml');
});

test('takes a body from a file, as curl does', (t) => {
  const file = join(temporaryDirectory(t), 'body.json');
  writeFileSync(file, '{"a":"é"}\n');

  assert.equal(asked(['http://h/', '--data', `@${file}`]).request.body, '{"a":"é"}\n');
  assert.equal(asked(['http://h/', '--data', 'a@b']).request.body, 'a@b');
  writeFileSync(file, 'é', 'latin1');
  assert.match(explain(['http://h/', '--data', `@${file}`]).err, /^--data @\/.*: it is not UTF-8\n/);
});

test('exits 2 with every problem of a configuration that cannot be read', () => {
  const problem = { file: 'c.yaml', line: 3, column: 7, path: 'tenants' };
  let err = '';

  const code = runExplain(
    asked(['http://h/']),
    {
      ok: false,
      files: [],
      problems: [
        { ...problem, message: 'first' },
        { ...problem, line: 9, message: 'second' },
      ],
    },
    { write: () => assert.fail('nothing was decided') },
    { write: (text) => (err += text) },
  );

  assert.equal(code, 2);
  assert.equal(err, 'c.yaml:3:7: first\nc.yaml:9:7: second\n');
});

const BAD_ARGUMENTS: readonly (readonly [args: string[], message: RegExp])[] = [
  [[], /exactly one URL/],
  [['http://a/', 'http://b/'], /exactly one URL/],
  [['shop.example/'], /not an http or https URL: shop\.example\//],
  [['ftp://shop.example/'], /not an http or https URL/],
  [['http://u@shop.example/'], /not a host with an optional port: u@shop\.example/],
  [['http://shop.example/caf\u00e9'], /percent-encode/],
  [['http://h/', '--method', 'G T'], /not a method: G T/],
  [['http://h/', '--header', 'no colon'], /not a header/],
  [['http://h/', '--header', ': v'], /not a header/],
  [['http://h/', '--header', 'x: a\r\ny: b'], /not a header .*: x: a\\r\\ny: b/],
  [['http://h/', '--header', 'host: a b'], /not a host with an optional port: a b/],
  [['http://h/', '--client-ip', '1.2.3'], /not an IP address: 1\.2\.3/],
  [['http://h/', '--sni', 'h'], /SNI needs an https URL/],
  [['http://h/', '--data', '@none.json'], /^--data @none\.json: no such file\n/],
  [['http://h/', '--data', '@'], /^--data @: no such file\n/],
  [['http://h/', '--colour'], /--colour/],
  [['http://h/', '--method'], /--method/],
];

for (const [args, message] of BAD_ARGUMENTS) {
  test(`exits 2 and says why for ${JSON.stringify(args)}`, () => {
    const { code, out, err } = explain(args);

    assert.deepEqual([code, out], [2, '']);
    assert.match(err, message);
    assert.match(err, /usage: portico explain URL/);
  });
}

test('says of a host whose connections are relayed where they go, and nothing of routes', () => {
  const settings: Settings = {
    ...SETTINGS,
    tenants: [
      ...SETTINGS.tenants,
      {
        name: 'feed',
        hosts: ['feed.example'],
        vips: [],
        tls: { ...TLS, protocols: ['stream'] },
        stream: { cluster: 'web', proxyProtocol: 'v2' },
        routes: [],
      },
      {
        name: 'legacy',
        hosts: ['*.legacy.example'],
        vips: [],
        tls: { ...TLS, passthrough: { cluster: 'web' } },
        routes: [],
      },
      {
        name: 'both',
        hosts: ['both.shop.example'],
        vips: [],
        tls: { ...TLS, protocols: ['stream', 'http/1.1'] },
        stream: { cluster: 'web' },
        routes: [route(undefined)],
      },
    ],
  };

  const feed = decide(['https://feed.example/'], settings);
  assert.deepEqual(feed.stream, { way: 'terminated', proxyProtocol: 'v2' });
  assert.deepEqual(feed.tenant, { name: 'feed', by: 'exact host feed.example' });
  assert.deepEqual(feed.certificate, ['default.example']);
  assert.equal(feed.target?.kind === 'cluster' && feed.target.cluster, 'web');
  assert.deepEqual([feed.route, feed.answer], [null, null]);

  const legacy = decide(['https://a.legacy.example/'], settings);
  assert.deepEqual(legacy.stream, { way: 'passthrough', proxyProtocol: null });
  assert.equal(legacy.certificate, null);
  const { out } = explain(['https://a.legacy.example/'], settings);
  assert.match(out, /^certificate +the instance's own$/m);
  assert.match(out, /^stream +TLS is passed through as it is$/m);
  assert.match(out, /^target +cluster web/m);

  // HTTP on a plain port, or for a host that has both, is read.
  assert.equal(decide(['http://feed.example/'], settings).answer?.error, 'no-route');
  const both = decide(['https://both.shop.example/'], settings);
  assert.deepEqual([both.stream, both.route, both.answer], [null, 'default', null]);
});

test('shows each condition that was looked at, and what it was asked of', () => {
  const routes = [
    { ...route('/a', WEB), when: 'req_cip_range("192.0.2.0", "192.0.2.255")' },
    { ...route(undefined), when: 'req_header_value_in("x-beta", "1", false)\n  && req_method_in("POST")' },
    {
      ...route(undefined),
      when: 'req_proto_match("h2") || bfe_time_range("20260101000000Z", "99991231235959Z")',
    },
    route(undefined),
  ];
  const settings: Settings = {
    ...SETTINGS,
    trustedProxies: ['10.0.0.0/8'],
    tenants: [{ name: 'shop', hosts: ['shop.example'], tls: TLS, routes }],
  };
  const chosen = (...args: string[]) => decide(args, settings).route;

  assert.equal(chosen('http://shop.example/a', '--client-ip', '192.0.2.7'), '/a when #1');
  assert.equal(chosen('http://shop.example/a'), 'when #3');
  const forwarded = ['--header', 'X-Forwarded-For: 192.0.2.7'];
  assert.equal(chosen('http://shop.example/a', '--client-ip', '10.0.0.1', ...forwarded), '/a when #1');
  assert.equal(chosen('http://shop.example/a', '--client-ip', '11.0.0.1', ...forwarded), 'when #3');
  const beta = ['--method', 'POST', '--header', 'X-Beta: 1'];
  assert.equal(chosen('http://shop.example/', ...beta), 'when #2');
  assert.match(
    explain(['http://shop.example/a', ...beta], settings).out,
    new RegExp(
      [
        'routes          not met     /a when #1: req_cip_range("192.0.2.0", "192.0.2.255")  saw nothing → false',
        '             -> chosen      when #2: req_header_value_in("x-beta", "1", false) && req_method_in("POST")',
        '                             req_header_value_in("x-beta", "1", false)  saw "1" → true',
        '                             req_method_in("POST")  saw "POST" → true',
        '                shadowed    when #3: req_proto_match("h2") ||',
      ]
        .join('\n')
        .replaceAll(/[()|.]/g, '\\$&'),
    ),
  );
  assert.deepEqual(decide(['http://shop.example/b'], settings).routes[1], {
    pattern: 'when #2',
    when: 'req_header_value_in("x-beta", "1", false)\n  && req_method_in("POST")',
    verdict: 'unmet',
    condition: {
      kind: 'and',
      operands: [
        {
          kind: 'primitive',
          condition: 'req_header_value_in("x-beta", "1", false)',
          saw: [''],
          said: false,
        },
        { kind: 'primitive', condition: 'req_method_in("POST")', saw: null, said: null },
      ],
      said: false,
    },
    passedOver: false,
  });
});

test('of a split it shows the shares, the buckets and the cluster; or that there is none yet', () => {
  const NEXT = { ...clusterSettings([1]), name: 'next' };
  const shares = [
    { cluster: 'web', weight: 95 },
    { cluster: 'next', weight: 5 },
  ];
  const split = (
    of: readonly { readonly cluster: string; readonly weight: number }[],
    kind?: 'cookie' | 'uri',
  ): RouteSettings['target'] => ({
    kind: 'split',
    shares: of,
    splitOn: kind === 'cookie' ? { kind, name: 'uid' } : kind && { kind },
  });
  const settings: Settings = {
    ...SETTINGS,
    clusters: [...SETTINGS.clusters, NEXT],
    tenants: [
      {
        name: 'shop',
        hosts: ['shop.example'],
        tls: TLS,
        routes: [
          route('/keyed', split(shares, 'cookie')),
          route('/turns', split(shares)),
          route('/off', split([shares[0]!, { cluster: 'next', weight: 0 }])),
          route('/uri/*', split(shares, 'uri')),
        ],
      },
    ],
  };
  const shown = (...args: string[]) =>
    /^split[\s\S]*?(?=^answer)/m.exec(explain(args, settings).out)?.[0].trimEnd().split('\n');

  const keyed = ['http://shop.example/keyed', '--header', 'Cookie: a=b; uid=ann'];
  assert.deepEqual(shown(...keyed), [
    'split        by cookie uid: "ann"',
    '                web weight 95 (95 %): takes the rest',
    '             -> next weight 5 (5 %): takes buckets from 9500 on, this one is 9990 of 10000',
    'target       cluster next (round-robin)',
    '               a:80 weight 1',
  ]);
  const { target, forwarded } = decide(keyed, settings);
  assert.ok(target?.kind === 'cluster' && target.cluster === 'next');
  assert.deepEqual(target.split?.shares[1], {
    cluster: 'next',
    weight: 5,
    share: 0.05,
    from: 9500,
    bucket: 9990,
  });
  assert.deepEqual(forwarded, { authority: 'shop.example', path: '/keyed' });

  assert.equal(
    shown('http://shop.example/keyed', '--client-ip', '198.51.100.7')?.[0],
    'split        by cookie uid, which is not there, so by address: "198.51.100.7"',
  );
  assert.deepEqual(shown('http://shop.example/keyed', '--header', 'cookie: uid='), [
    'split        by cookie uid, which is not there, so by address: the client is not said',
    '                web weight 95 (95 %): takes the rest',
    '                next weight 5 (5 %): takes buckets from 9500 on',
    'target       one of these clusters',
  ]);
  assert.deepEqual(shown('http://shop.example/turns'), [
    'split        each request is dealt by itself',
    '                web weight 95 (95 %)',
    '                next weight 5 (5 %)',
    'target       one of these clusters',
  ]);
  assert.deepEqual(shown('http://shop.example/off')?.slice(0, 4), [
    'split        each request is dealt by itself',
    '             -> web weight 95 (100 %)',
    '                next weight 0 (0 %)',
    'target       cluster web (round-robin)',
  ]);
  assert.equal(decide(['http://shop.example/turns'], settings).target?.kind, 'split');
  assert.match(shown('http://shop.example/uri/a?b')?.[0] ?? '', /by uri: "\/uri\/a\?b"$/);
});

test('of a sticky cluster it shows whom the cookie names', () => {
  const sticky = { cookie: 'srv', maxAgeSeconds: undefined, secret: undefined };
  const settings: Settings = { ...SETTINGS, clusters: [{ ...clusterSettings([1, 1]), sticky }] };
  const url = 'http://shop.example/api/';
  const named = [url, '--header', 'cookie: x=1; srv=lJwU7c-EL-pVt6jL'];
  const target = (args: string[]) => {
    const shown = decide(args, settings).target;
    return shown?.kind === 'cluster' ? shown.sticky : undefined;
  };

  assert.deepEqual(target(named), { cookie: 'srv', instance: 'a:80' });
  assert.match(
    explain(named, settings).out,
    /^sticky +the cookie srv names a:80, which is chosen while it is available$/m,
  );
  for (const args of [[url], [url, '--header', 'cookie: srv=forged']]) {
    assert.deepEqual(target(args), { cookie: 'srv', instance: null });
    assert.match(
      explain(args, settings).out,
      /^sticky +the cookie srv names no instance: the answer sets it$/m,
    );
  }
  assert.doesNotMatch(explain([url]).out, /sticky/);
});

test('shows what a condition saw of the body that is asked about', () => {
  const routes = [{ ...route('/j'), when: 'req_body_json_in("a", "x", false)' }, route(undefined)];
  const settings: Settings = {
    ...SETTINGS,
    tenants: [{ name: 'shop', hosts: ['shop.example'], tls: TLS, routes }],
  };
  const url = 'http://shop.example/j';

  const { out } = explain([url, '--data', '{"a":\n"x"}'], settings);

  assert.match(out, /^request +POST http.*\n +content-type: application\/json\nbody +\{"a":\\u000a"x"\}$/m);
  assert.match(out, /-> chosen +\/j when #1: .* saw "x" → true$/m);
  assert.match(explain([url, '--data', '{"a":1}'], settings).out, /not met .* saw "1" → false$/m);
  assert.match(explain([url], settings).out, /not met .* saw nothing → false$/m);
  assert.match(explain([url, '--data', `{"a":"x","b":"${'x'.repeat(1024)}"}`], settings).out, /saw nothing/);
});

test('leaves a condition on the response to the response', () => {
  const nothing = { rename: [], delete: [], set: [], add: [] };
  const response = { ...nothing, set: [['x-a', '1']] as const };
  const settings: Settings = {
    ...SETTINGS,
    modules: [
      {
        place: 'modules[0]',
        when: 'res_code_in("502")',
        module: { kind: 'headers', request: nothing, response },
      },
    ],
  };

  assert.deepEqual(decide(['http://shop.example/api/'], settings).modules, [
    {
      place: 'modules[0]',
      kind: 'headers',
      when: 'res_code_in("502")',
      verdict: 'on-response',
      condition: null,
    },
  ]);
  assert.match(
    explain(['http://shop.example/api/'], settings).out,
    /^modules +on response modules\[0\] headers: res_code_in\("502"\)$/m,
  );
});

test('a route that the index passes over has one line', () => {
  const routes = Array.from({ length: 9 }, (_, i) => ({
    ...route(undefined),
    when: `req_header_value_in("x-shard", "${i}", false) && req_method_in("GET")`,
  }));
  const settings: Settings = {
    ...SETTINGS,
    tenants: [{ name: 'shop', hosts: ['shop.example'], tls: TLS, routes }],
  };
  const args = ['http://shop.example/', '--header', 'x-shard: 1'];

  const { out } = explain(args, settings);
  const { routes: shown } = decide(args, settings);

  assert.match(
    out,
    /^routes +passed over when #1: .*\n +-> chosen +when #2: .*\n +req_header_value_in.* saw "1" → true\n.*\n +passed over when #3: .*\n +passed over when #4/m,
  );
  assert.deepEqual(
    shown.map(({ passedOver, verdict }) => `${passedOver} ${verdict}`),
    ['true unmet', 'false chosen', ...Array.from({ length: 7 }, () => 'true unmet')],
  );
  assert.equal(shown[0]?.condition?.said, false);
});

test('shows what conditions of modules have seen, tags of modules before them too', () => {
  const settings: Settings = {
    ...SETTINGS,
    modules: [
      {
        place: 'modules[0]',
        when: 'req_tag_match("kind", "robot")',
        module: { kind: 'tag', tags: [['early', '1']] },
      },
      { place: 'modules[1]', module: { kind: 'tag', tags: [['kind', 'robot']] } },
      {
        place: 'modules[2]',
        when: '!req_tag_match("kind", "robot")',
        module: { kind: 'tag', tags: [['late', '1']] },
      },
    ],
  };

  const { modules } = decide(['http://shop.example/api/'], settings);

  assert.deepEqual(
    modules.map(({ verdict, condition }) => [verdict, condition?.said]),
    [
      ['unmet', false],
      ['runs', undefined],
      ['unmet', false],
    ],
  );
  assert.match(
    explain(['http://shop.example/api/'], settings).out,
    /^modules +not met +modules\[0\] tag: req_tag_match\("kind", "robot"\) {2}saw nothing → false\n.*\n.*modules\[2\].*\n +req_tag_match\("kind", "robot"\) {2}saw "robot" → true$/m,
  );
});

test('it shows how long a request may wait for its cluster, and whether it is hedged', () => {
  const cluster = {
    ...clusterSettings([1, 1]),
    maxRequests: 1,
    queue: { max: 50, timeoutMs: 1000 },
    hedge: { afterMs: 200, max: 1 },
    totalTimeoutMs: 5000,
  };
  const settings: Settings = { ...SETTINGS, clusters: [cluster] };
  const url = 'http://shop.example/api/';
  const waits = (args: string[]) => {
    const shown = decide(args, settings).target;
    return shown?.kind === 'cluster' ? shown.waits : undefined;
  };

  assert.deepEqual(waits([url]), {
    queue: { max: 50, timeoutMs: 1000 },
    hedge: { afterMs: 200, max: 1 },
    totalTimeoutMs: 5000,
  });
  assert.equal(waits([url, '--method', 'POST'])?.hedge, null);
  assert.match(
    explain([url], settings).out,
    /^waits +when all instances are full, in line for 1000 ms, unless 50 wait already\n +after 200 ms without a response, one more instance is asked, 1 at most\n +for the head of a response 5000 ms in all, then 504\n/m,
  );
  assert.match(
    explain([url, '--method', 'POST'], settings).out,
    /with one instance at a time: such a request is not hedged/,
  );
  assert.doesNotMatch(explain([url]).out, /^waits/m);
});

test('modules are shown in their order, with what they make of the request', () => {
  const changes = { rename: [], delete: [], set: [], add: [] };
  const settings: Settings = {
    ...SETTINGS,
    modules: [
      {
        place: 'modules[0]',
        module: {
          kind: 'redirect',
          status: 308,
          to: {
            kind: 'pieces',
            scheme: 'https',
            host: undefined,
            port: undefined,
            path: undefined,
            query: undefined,
          },
        },
      },
    ],
    tenants: [
      {
        name: 'shop',
        hosts: ['shop.example'],
        tls: TLS,
        modules: [
          {
            place: 'tenants.shop.modules[0]',
            when: 'req_method_in("PUT")',
            module: { kind: 'block', addresses: [], methods: [], paths: ['/*'], answer: 'close' },
          },
        ],
        routes: [
          {
            ...route('/api/*'),
            modules: [
              {
                place: 'tenants.shop.routes[0].modules[0]',
                module: {
                  kind: 'rewrite',
                  host: 'api.internal',
                  path: undefined,
                  trimPrefix: '/api',
                  replace: undefined,
                  addPrefix: undefined,
                  query: { keep: undefined, ...changes },
                },
              },
            ],
          },
        ],
      },
    ],
  };

  const passed = decide(['https://shop.example/api/x?q'], settings);
  const redirected = decide(['http://shop.example/api/x?q'], settings);
  const closed = decide(['https://shop.example/api/x', '--method', 'PUT'], settings);

  assert.deepEqual(
    passed.modules.map(({ place, verdict }) => [place, verdict]),
    [
      ['modules[0]', 'runs'],
      ['tenants.shop.modules[0]', 'unmet'],
      ['tenants.shop.routes[0].modules[0]', 'runs'],
    ],
  );
  assert.deepEqual([passed.forwarded, passed.answer], [{ authority: 'api.internal', path: '/x?q' }, null]);
  assert.deepEqual(
    [redirected.forwarded, redirected.answer],
    [null, { status: 308, error: null, location: 'https://shop.example/api/x?q', module: 'modules[0]' }],
  );
  assert.equal(redirected.modules[0]?.verdict, 'answered');
  assert.deepEqual(closed.answer, {
    status: 0,
    error: 'denied-by-module',
    module: 'tenants.shop.modules[0]',
  });
  assert.match(
    explain(['https://shop.example/api/x', '--method', 'PUT'], settings).out,
    /^modules +runs +modules\[0\] redirect\n +-> answers +tenants\.shop\.modules\[0\] block: req_method_in\("PUT"\) {2}saw "PUT" → true\n.*^answer +none: the connection ends$/ms,
  );
  assert.match(
    explain(['https://shop.example/api/x?q'], settings).out,
    /^forwarded +GET \/x\?q to host api\.internal$/m,
  );
});
