import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type BfeFiles, type ImportedTree, importTree } from '../../support/bfe-tree.ts';

/** A tree in which these modules are on; the result is a good configuration. */
function withModules(t: TestContext, modules: readonly string[], files: BfeFiles): ImportedTree {
  const tree = importTree(t, {
    'bfe.conf': `[Server]\n${modules.map((name) => `Modules = ${name}\n`).join('')}`,
    ...Object.fromEntries(modules.map((name) => [`${name}/${name}.conf`, '[Basic]\n'])),
    ...files,
  });
  tree.settings();
  return tree;
}

const reasons = (tree: ImportedTree) => tree.told().map((line) => line.replace(/^.*? dropped /, ''));
const rules = (shop: readonly object[], others: object = {}) => ({
  Version: '1',
  Config: { shop, ...others },
});

const BLOCKED = 'mod_block/ip_blocklist.data';
const NO_BLOCKED = { [BLOCKED]: '' };

test('addresses of the blocklist are turned away, whatever their form', (t) => {
  const { data, told } = withModules(t, ['mod_block'], {
    [BLOCKED]:
      '# bad\n192.0.2.1\n\n192.0.2.8 192.0.2.11\n198.51.100.0/24\n2001:db8::\t2001:db8::1\nx\n1.1.1.1/33\n1.1.1.1 1.1.1.2 1.1.1.3\n',
    'mod_block/block_rules.data': rules([]),
  });

  assert.deepEqual(data.modules, [
    {
      block: {
        addresses: ['192.0.2.1', '192.0.2.8/30', '198.51.100.0/24', '2001:db8::/127'],
        answer: 'close',
      },
    },
  ]);
  assert.deepEqual(
    told().map((line) => line.slice(0, BLOCKED.length + 14)),
    [7, 8, 9].map((line) => `${BLOCKED}:${line} dropped "${line === 7 ? 'x"' : '1.'}`),
  );
});

test('block rules close connections, until a rule that allows', (t) => {
  const rule = (name: string, cmd: string, cond: string) => ({ name, cond, action: { cmd, params: [] } });
  const { data, told } = withModules(t, ['mod_block'], {
    ...NO_BLOCKED,
    'mod_block/block_rules.data': rules(
      [
        rule('a', 'CLOSE', 'req_path_in("/a", false)'),
        rule('b', 'ALLOW', 'req_cip_range("10.0.0.0", "10.0.0.255")'),
        rule('c', 'CLOSE', 'req_method_in("POST") || req_method_in("PUT")'),
        rule('d', 'ALLOW', 'default_t()'),
        rule('e', 'CLOSE', 'default_t()'),
      ],
      { global: [rule('g', 'ALLOW', 'req_path_in("/health", false)')] },
    ),
  });

  const block = { paths: ['/*'], answer: 'close' };
  assert.deepEqual(data.tenants.shop.modules, [
    // /a and /health exclude each other.
    { when: 'req_path_in("/a", false)', block },
    {
      when: '(req_method_in("POST") || req_method_in("PUT")) && !req_path_in("/health", false) && !req_cip_range("10.0.0.0", "10.0.0.255")',
      block,
    },
  ]);
  assert.deepEqual(told(), []);
});

test('redirects keep their targets and statuses', (t) => {
  const rule = (Cmd: string, param: string, Status: number, Cond = 'req_path_in("/x", false)') => ({
    Cond,
    Actions: [{ Cmd, Params: [param] }],
    Status,
  });
  const tree = withModules(t, ['mod_redirect'], {
    'mod_redirect/redirect.data': rules([
      rule('URL_SET', 'https://a.org/100%{x}', 301),
      rule('URL_PREFIX_ADD', 'https://a.org/b', 302),
      rule('SCHEME_SET', 'HTTPS', 307),
      rule('URL_FROM_QUERY', 'url', 302),
      rule('URL_SET', 'javascript:alert(1)', 302),
      rule('URL_SET', '/x', 300),
      rule('URL_SETS', '/x', 302),
      { Cond: 'default_t()', Actions: [], Status: 302 },
    ]),
  });

  const when = 'req_path_in("/x", false)';
  assert.deepEqual(tree.data.tenants.shop.modules, [
    { when, redirect: { to: 'https://a.org/100%%{x}', status: 301 } },
    { when, redirect: { to: 'https://a.org/b%{uri}', status: 302 } },
    { when, redirect: { scheme: 'https', status: 307 } },
  ]);
  assert.deepEqual(
    reasons(tree).map((line) => line.slice(0, 47)),
    [
      'rule 4 of "shop": URL_FROM_QUERY "url" sends cl',
      'tenants.shop.modules[3]: expected an http or ht',
      'rule 6 of "shop": Status is one of 301, 302, 30',
      'rule 7 of "shop": BFE knows no action "URL_SETS',
      'rule 8 of "shop" has 0 Actions: BFE takes one',
    ].map((line, i) => (i === 1 ? reasons(tree)[1]!.slice(0, 47) : line)),
  );
});

test('rewrites are made in their order, by as many modules as it takes', (t) => {
  const actions = (...list: readonly (readonly [cmd: string, ...params: string[]])[]) =>
    list.map(([Cmd, ...Params]) => ({ Cmd, Params }));
  const tree = withModules(t, ['mod_rewrite'], {
    'mod_rewrite/rewrite.data': rules([
      {
        Cond: 'req_path_prefix_in("/a", false)',
        Actions: actions(
          ['host_set', 'a.internal'],
          ['PATH_PREFIX_TRIM', '/a.b'],
          ['PATH_PREFIX_ADD', '/v2/'],
          ['QUERY_DEL', 'x', 'y'],
          ['QUERY_ADD', 'z', '%{q}'],
          ['PATH_PREFIX_ADD', '/pre$'],
        ),
        Last: true,
      },
      {
        Cond: 'default_t()',
        Actions: actions(['PATH_SET', '/new'], ['QUERY_DEL_ALL_EXCEPT', 'a'], ['QUERY_RENAME', 'a', 'b']),
        Last: true,
      },
      { Cond: 'default_t()', Actions: actions(['PATH_SET', '/never']), Last: false },
      {
        Cond: 'req_path_in("/q", false)',
        Actions: actions(['HOST_SET_FROM_PATH_PREFIX'], ['HOST_SUFFIX_REPLACE', 'a', 'b'], ['HOST_SET']),
        Last: false,
      },
    ]),
  });

  const when = 'req_path_prefix_in("/a", false)';
  assert.deepEqual(tree.data.tenants.shop.modules, [
    {
      when,
      rewrite: {
        host: 'a.internal',
        replace: { pattern: '^/a\\.b/?', with: '/' },
        addPrefix: '/v2',
        query: { delete: ['x', 'y'], add: { z: '%%{q}' } },
      },
    },
    { when, rewrite: { replace: { pattern: '^/', with: '/pre$$' } } },
    {
      when: `!${when}`,
      rewrite: { path: '/new', query: { keep: ['a'], rename: { a: 'b' } } },
    },
  ]);
  assert.deepEqual(
    reasons(tree).map((line) => line.split(':')[0]),
    ['HOST_SET_FROM_PATH_PREFIX', 'HOST_SUFFIX_REPLACE', 'HOST_SET with 0 Params'],
  );
});

test('headers change as they did, in their order, with the variables that there are', (t) => {
  const rule = (
    cond: string,
    last: boolean,
    ...actions: readonly (readonly [cmd: string, ...params: string[]])[]
  ) => ({
    cond,
    last,
    actions: actions.map(([cmd, ...params]) => ({ cmd, params })),
  });
  const tree = withModules(t, ['mod_header'], {
    'mod_header/mod_header.conf': '[Basic]\nDataPath = rules.data\nDisableDefaultHeader = true\n',
    'rules.data': rules(
      [
        rule(
          'req_path_in("/a", false)',
          true,
          ['REQ_HEADER_SET', 'X-Client', '%bfe_client_ip via %%{x}'],
          ['REQ_HEADER_DEL', 'X-Client'],
          ['RSP_HEADER_ADD', 'X-From', '%bfe_cluster'],
        ),
        rule(
          'req_method_in("GET")',
          false,
          ['REQ_HEADER_RENAME', 'X-Old', 'X-New'],
          ['REQ_HEADER_SET', 'X-B', 'b'],
        ),
        rule(
          'default_t()',
          false,
          ['REQ_HEADER_SET', 'X-Geo', '%bfe_client_geo_city_name'],
          ['REQ_HEADER_SET', 'X-Id', '%bfe_log_id'],
          ['REQ_HEADER_SET', 'Connection', 'close'],
          ['REQ_COOKIE_SET', 'a', 'b'],
          ['RSP_HEADER_MOD', 'SCHEME_SET', 'location', 'https'],
        ),
        rule('res_code_in("404")', false, ['RSP_HEADER_SET', 'X-C', 'c'], ['REQ_HEADER_DEL', 'X-D']),
      ],
      { global: [rule('default_t()', false, ['RSP_HEADER_SET', 'Server', 'edge'])] },
    ),
  });

  const when = 'req_path_in("/a", false)';
  assert.deepEqual(tree.data.modules, [{ headers: { response: { set: { Server: 'edge' } } } }]);
  assert.deepEqual(tree.data.tenants.shop.modules.slice(0, 4), [
    { when, headers: { request: { set: { 'X-Client': '%{client_ip} via %%{x}' } } } },
    { when, headers: { request: { delete: ['X-Client'] } } },
    { when, headers: { response: { add: { 'X-From': '%{cluster}' } } } },
    {
      when: `req_method_in("GET") && !${when}`,
      headers: { request: { rename: { 'X-Old': 'X-New' }, set: { 'X-B': 'b' } } },
    },
  ]);
  assert.deepEqual(tree.data.tenants.shop.modules[4], {
    when: 'res_code_in("404") && !req_path_in("/a", false)',
    headers: { response: { set: { 'X-C': 'c' } } },
  });
  assert.equal(tree.data.tenants.shop.modules.length, 5);
  assert.deepEqual(
    reasons(tree).map((line) => line.slice(0, 52)),
    [
      'rule 3 of "shop": REQ_HEADER_SET "X-Geo": there is n',
      'rule 3 of "shop": REQ_HEADER_SET "X-Id": %bfe_log_id',
      'rule 3 of "shop": REQ_HEADER_SET: "Connection" is se',
      'rule 3 of "shop": cookies are not changed one by one',
      'rule 3 of "shop": parts of a value are not changed; ',
      'rule 4 of "shop": its condition looks at the respons',
    ],
  );
});

test('both sides of one rule make one module', (t) => {
  const { data } = withModules(t, ['mod_header'], {
    'mod_header/mod_header.data': rules([
      {
        cond: 'default_t()',
        last: false,
        actions: [
          { cmd: 'REQ_HEADER_SET', params: ['X-A', 'a'] },
          { cmd: 'RSP_HEADER_DEL', params: ['X-B'] },
        ],
      },
    ]),
  });

  assert.deepEqual(data.tenants.shop.modules, [
    { headers: { request: { set: { 'X-A': 'a' } }, response: { delete: ['X-B'] } } },
  ]);
  assert.equal(data.modules[0].headers.request.set['X-Real-Ip'], '%{client_ip}');
});

test('tags are set, and conditions of modules behind them see them', (t) => {
  const tag = (Cond: string, TagName: string, TagValue: string) => ({
    Cond,
    Param: { TagName, TagValue },
    Last: false,
  });
  const { data, told } = withModules(t, ['mod_redirect', 'mod_tag'], {
    'mod_tag/tag_rule.data': rules([
      tag('req_method_in("GET")', 'kind', 'read'),
      tag('default_t()', 'a b', 'x'),
    ]),
    'mod_redirect/redirect.data': rules([
      { Cond: 'req_tag_match("kind", "read")', Actions: [{ Cmd: 'URL_SET', Params: ['/r'] }], Status: 302 },
    ]),
  });

  assert.deepEqual(data.tenants.shop.modules, [
    { when: 'req_method_in("GET")', tag: { kind: 'read' } },
    { when: 'req_tag_match("kind", "read")', redirect: { to: '/r', status: 302 } },
  ]);
  assert.match(told().join('\n'), /tag_rule\.data:\d+ dropped "a b": "a b" cannot be a tag/);
});

test('preflights are answered, and other answers say who may read them', (t) => {
  const { data, told } = withModules(t, ['mod_cors'], {
    'mod_cors/cors_rule.data': rules([
      {
        Cond: 'req_path_prefix_in("/api", false)',
        AccessControlAllowOrigins: ['https://a.org', 'https://b.org'],
        AccessControlAllowCredentials: true,
        AccessControlExposeHeaders: ['X-A', 'X-B'],
        AccessControlAllowMethods: ['GET', 'PUT'],
        AccessControlAllowHeaders: ['X-C'],
        AccessControlMaxAge: 60,
      },
    ]),
  });

  const [answer, preflight, rest] = data.tenants.shop.modules;
  const isPreflight =
    'req_method_in("OPTIONS") && req_header_key_in("Origin") && req_header_value_in("Access-Control-Request-Method", "GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH", false)';
  const isAllowed = 'req_header_value_in("Origin", "https://a.org|https://b.org", false)';
  assert.equal(answer.when, `req_path_prefix_in("/api", false) && ${isPreflight}`);
  assert.deepEqual(answer.respond, { status: 204 });
  assert.equal(preflight.when, `${answer.when} && ${isAllowed}`);
  const common = {
    'Access-Control-Allow-Origin': '%{header:origin}',
    'Access-Control-Allow-Credentials': 'true',
  };
  assert.deepEqual(preflight.headers.response, {
    set: {
      ...common,
      'Access-Control-Allow-Methods': 'GET,PUT',
      'Access-Control-Allow-Headers': 'X-C',
      'Access-Control-Max-Age': '60',
    },
    add: { Vary: 'Origin' },
  });
  assert.equal(rest.when, `req_path_prefix_in("/api", false) && !(${isPreflight}) && ${isAllowed}`);
  assert.deepEqual(rest.headers.response.set, { ...common, 'Access-Control-Expose-Headers': 'X-A,X-B' });
  assert.deepEqual(told(), []);
});

test('what asked for a password is closed for everybody, also where its condition cannot be read', (t) => {
  const tree = withModules(t, ['mod_auth_basic', 'mod_auth_request'], {
    'mod_auth_basic/auth_basic_rule.data': rules([
      { Cond: 'req_path_prefix_in("/admin", false)', UserFile: 'users', Realm: 'x' },
    ]),
    'mod_auth_request/auth_request_rule.data': rules([
      { Cond: 'req_path_in("/a", false)', Enable: false },
      { Cond: 'req_context_value_in("a", "b", false)', Enable: true },
    ]),
  });

  assert.deepEqual(tree.data.tenants.shop.modules, [
    { when: 'req_path_prefix_in("/admin", false)', respond: { status: 403 } },
    { respond: { status: 403 } },
  ]);
  assert.match(
    tree.yaml,
    /# not carried over: rule 1 of "shop" of mod_auth_basic: Portico asks nobody who he is/,
  );
});

test('what asked for keys of a gateway to models is closed for everybody', (t) => {
  const { data, told } = withModules(t, ['mod_ai_token_auth'], {
    'mod_ai_token_auth/mod_ai_token_auth.conf':
      '[basic]\nProductRulePath = keys.data\n[redis]\nbns = redis\nconnectTimeout = 20\n',
    'keys.data': {
      ...rules([{ cond: 'req_path_prefix_in("/v1", false)', action: { cmd: 'CHECK_TOKEN' } }]),
      Tokens: { shop: { k: { key: 'k', status: 1 } } },
      QuotaPlans: { shop: [] },
    },
  });

  assert.deepEqual(data.tenants.shop.modules, [
    { when: 'req_path_prefix_in("/v1", false)', respond: { status: 403 } },
  ]);
  assert.equal(told().length, 1, told().join('\n'));
  assert.match(told()[0]!, /keys\.data:5 dropped rule 1 of "shop" of mod_ai_token_auth: .* answered 403/);
});

test('rules of a module that keeps people out are not left out silently', (t) => {
  for (const name of ['mod_auth_basic', 'mod_auth_jwt', 'mod_ai_token_auth', 'mod_block']) {
    const tree = importTree(t, {
      'bfe.conf': `[Server]\nModules = ${name}\n`,
      [`${name}/${name}.conf`]: '[Basic]\n',
    });
    assert.equal(tree.yaml, '');
    assert.match(tree.told('error').join('\n'), /_rules?\.data:0 error no such file/);
  }
  const rule = { Cond: 'default_t()' };
  for (const Config of [[rule], { shop: rule }, 7, { shop: Array.from({ length: 33 }, () => rule) }]) {
    const tree = importTree(t, {
      'bfe.conf': '[Server]\nModules = mod_auth_basic\n',
      'mod_auth_basic/mod_auth_basic.conf': '[Basic]\n',
      'mod_auth_basic/auth_basic_rule.data': { Version: '1', Config },
    });
    assert.equal(tree.yaml, '', JSON.stringify(Config));
    assert.equal(tree.told('error').length, 1);
  }
});

test('modules that are none here are dropped with their rules, unless they have none', (t) => {
  const tree = withModules(t, ['mod_prison', 'mod_compress', 'mod_http_code', 'mod_geo', 'mod_what'], {
    'mod_prison/prison.data': rules([{ Cond: 'default_t()' }, { Cond: 'default_t()' }]),
    'mod_compress/mod_compress.conf': '[Basic]\nProductRulePath = other.data\n',
    'other.data': rules([]),
    'mod_static/mod_static.conf': '',
  });

  assert.deepEqual(
    tree.told('dropped', 'changed').flatMap((line) => (line.includes('mod_') ? [line.slice(0, 44)] : [])),
    [
      'bfe.conf:2 dropped mod_prison: requests are ',
      'bfe.conf:4 changed mod_http_code: /metrics c',
      'bfe.conf:5 dropped mod_geo: where clients ar',
      'bfe.conf:6 dropped "mod_what": BFE has no su',
      'mod_prison/prison.data:5 dropped rule 1 of "',
      'mod_prison/prison.data:8 dropped rule 2 of "',
    ],
  );
  const kept = tree.told('kept').join('\n');
  assert.match(kept, /bfe\.conf:3 kept mod_compress has no rules/);
  assert.match(kept, /mod_static:0 kept is left out/);
});

test('proxies are trusted in the ranges that BFE has', (t) => {
  const { data, told } = withModules(t, ['mod_trust_clientip'], {
    'mod_trust_clientip/trust_client_ip.data': {
      Version: '1',
      Config: {
        a: [{ Begin: '10.0.0.0', End: '10.0.1.255' }, { Begin: '10.0.0.1' }],
        b: [{ Begin: '::1', End: '::1' }],
      },
    },
  });

  assert.deepEqual(data.trustedProxies, ['10.0.0.0/23', '::1']);
  assert.match(told().join('\n'), /dropped a range of "a": a range needs Begin and End/);
});

test('a tenant with modules answers what no rule takes, so that they see it', (t) => {
  const { data } = withModules(t, ['mod_redirect'], {
    'server_data_conf/route_rule.data': {
      Version: '1',
      ProductRule: { shop: [{ Cond: 'req_method_in("GET")', ClusterName: 'web' }] },
    },
    'mod_redirect/redirect.data': rules([
      { Cond: 'default_t()', Actions: [{ Cmd: 'SCHEME_SET', Params: ['https'] }], Status: 301 },
    ]),
  });

  assert.deepEqual(data.tenants.shop.routes.at(-1), { respond: { status: 404 } });
});

test('more rules than a list of modules takes are dropped', (t) => {
  const rule = {
    Cond: 'req_path_in("/a", false)',
    Actions: [{ Cmd: 'URL_SET', Params: ['/b'] }],
    Status: 302,
  };
  const tree = withModules(t, ['mod_redirect'], {
    'mod_redirect/redirect.data': rules(Array.from({ length: 34 }, () => rule)),
  });

  assert.equal(tree.data.tenants.shop.modules.length, 32);
  assert.match(reasons(tree)[1]!, /^rule 34 of "shop": a list of modules has at most 32/);
});
