import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importTree } from '../../support/bfe-tree.ts';

const HOST_RULE = 'server_data_conf/host_rule.data';
const ROUTE_RULE = 'server_data_conf/route_rule.data';
const PRISTINE = { Version: '1' };

const advanced = (...rules: readonly (readonly [cond: string, cluster: string])[]) => ({
  [ROUTE_RULE]: {
    ...PRISTINE,
    ProductRule: { shop: rules.map(([Cond, ClusterName]) => ({ Cond, ClusterName })) },
  },
});

test('a condition that BFE reads otherwise than it looks is written as BFE reads it', (t) => {
  const { data, told, yaml } = importTree(
    t,
    advanced(['req_method_in("GET") && req_path_in("/a", false) || req_path_in("/b", false)', 'web']),
  );

  const theirs = 'req_method_in("GET") && (req_path_in("/a", false) || req_path_in("/b", false))';
  const ours = '(req_method_in("GET") && req_path_in("/a", false)) || req_path_in("/b", false)';
  assert.equal(data.tenants.shop.routes[0].when, theirs);
  const [line] = told('changed').filter((text) => text.includes('as BFE reads it'));
  assert.ok(line?.includes(`${ROUTE_RULE}:6`) && line.includes(theirs) && line.includes(ours), line);
  assert.match(yaml, /# rule 1 of "shop": the condition is written as BFE reads it: .*\n {6}- when: /);
});

test('escapes in double quotes stay what they are to BFE', (t) => {
  const { data } = importTree(t, advanced(['req_path_regmatch("^/a\\\\d$")', 'web']));

  assert.equal(data.tenants.shop.routes[0].when, 'req_path_regmatch(`^/a\\\\d$`)');
});

test('what is behind a rule that takes everything, or says the same, is left out', (t) => {
  const { data, told } = importTree(
    t,
    advanced(
      ['req_method_in("GET")', 'web'],
      ['req_method_in( "GET" )', 'web'],
      ['default_t()', 'web'],
      ['req_method_in("PUT")', 'web'],
    ),
  );

  assert.deepEqual(data.tenants.shop.routes, [
    { when: 'req_method_in("GET")', cluster: 'web' },
    { cluster: 'web' },
  ]);
  assert.deepEqual(told(), []);
  assert.deepEqual(
    told('kept').filter((line) => line.includes('left out')),
    [
      `${ROUTE_RULE}:10 kept rule 2 of "shop" is left out: rule 1 before it has the same condition`,
      `${ROUTE_RULE}:18 kept rule 4 of "shop" is left out: rule 3 before it takes everything`,
    ],
  );
});

test('conditions that cannot be carried over are dropped with the reason, and the others stay', (t) => {
  const { data, told } = importTree(
    t,
    advanced(
      ['req_tag_match("a", "b")', 'web'],
      ['req_context_value_in("a", "b", false)', 'web'],
      ['req_pth_in("/a", false)', 'web'],
      ['req_path_in("/a")', 'web'],
      ['req_path_in("/a", false', 'web'],
      ['default_t()', 'web'],
    ),
  );

  assert.deepEqual(
    told().map((line) => line.replace(/^.* dropped /, '')),
    [
      'rule 1 of "shop": no rule of mod_tag sets "a" to "b"',
      'rule 2 of "shop": req_context_value_in looks at what modules have noted, and no module has run yet',
      'rule 3 of "shop": there is no condition "req_pth_in"; did you mean "req_path_in"?',
      'rule 4 of "shop": req_path_in takes 2 arguments, but found 1; write req_path_in(values, fold_case)',
      'rule 5 of "shop": this parenthesis is never closed',
    ],
  );
  assert.deepEqual(data.tenants.shop.routes, [{ cluster: 'web' }]);
});

test('a cluster that is not there is an answer of 503 in its place', (t) => {
  const { data, told, settings } = importTree(
    t,
    advanced(['req_method_in("GET")', 'gone'], ['default_t()', 'web']),
  );

  settings();
  assert.deepEqual(data.tenants.shop.routes[0], { when: 'req_method_in("GET")', respond: { status: 503 } });
  assert.match(
    told().join('\n'),
    /^server_data_conf\/route_rule\.data:7 dropped cluster "gone" is not there: [^\n]*$/,
  );
});

test('tags of hosts are written with the hosts themselves', (t) => {
  const { data, told } = importTree(t, {
    [HOST_RULE]: {
      ...PRISTINE,
      Hosts: { a: ['a.org', '*.a.org'], b: ['b.a.org', 'c.org'], c: ['d.org'] },
      HostTags: { shop: ['a', 'b', 'c'] },
    },
    ...advanced(
      ['req_host_tag_in("a")', 'web'],
      ['req_host_tag_in("b|c") && req_method_in("GET")', 'web'],
      ['req_host_tag_in("x")', 'web'],
    ),
  });

  assert.deepEqual(
    data.tenants.shop.routes.map(({ when }: { when: string }) => when),
    [
      'req_host_in("a.org") || (req_host_suffix_in(".a.org") && !req_host_in("b.a.org"))',
      'req_host_in("b.a.org|c.org|d.org") && req_method_in("GET")',
    ],
  );
  assert.deepEqual(told(), [`${ROUTE_RULE}:14 dropped rule 3 of "shop": no host has the tag "x"`]);
});

test('rules by host and path are routes by host and path', (t) => {
  const { data, told } = importTree(t, {
    [HOST_RULE]: { ...PRISTINE, Hosts: { a: ['a.org', '*.a.org'] }, HostTags: { shop: ['a'] } },
    [ROUTE_RULE]: {
      ...PRISTINE,
      BasicRule: {
        shop: [
          { Hostname: ['A.org', '*.a.org'], Path: ['/x', '/y*', '/ä b'], ClusterName: 'web' },
          { Path: ['/z/*'], ClusterName: 'web' },
        ],
      },
    },
  });

  const guard = { when: 'req_host_regmatch(`^[^.]+\\.a\\.org$`)' };
  const paths = ['/x', '/y/*', '/%C3%A4%20b'];
  const routes = data.tenants.shop.routes;
  assert.deepEqual(
    routes.filter(({ cluster }: { cluster?: string }) => cluster === 'web'),
    [
      ...paths.map((path) => ({ host: 'a.org', path, cluster: 'web' })),
      ...paths.map((path) => ({ host: '*.a.org', path, ...guard, cluster: 'web' })),
      { path: '/z/*', cluster: 'web' },
    ],
  );
  // BFE does not go from the paths of a host to those of all hosts.
  assert.deepEqual(
    routes.filter(({ respond }: { respond?: object }) => respond !== undefined),
    [
      { host: 'a.org', respond: { status: 404 } },
      { host: '*.a.org', ...guard, respond: { status: 404 } },
    ],
  );
  assert.deepEqual(told(), []);
});

test('rules by host and path that mean nothing are dropped', (t) => {
  const { told } = importTree(t, {
    [ROUTE_RULE]: {
      ...PRISTINE,
      BasicRule: {
        shop: [
          { ClusterName: 'web' },
          { Hostname: ['a.*.org', 'other.org'], Path: ['x', '/a*b', '/ok'], ClusterName: 'web' },
          { Hostname: ['other.org'], Path: ['/ok'], ClusterName: 'web' },
          { Hostname: ['shop.example.org'], Path: [''], ClusterName: 'web' },
        ],
        ghost: [{ Path: ['/'], ClusterName: 'web' }],
      },
      ProductRule: { shop: [{ Cond: 'default_t()' }] },
    },
  });

  assert.deepEqual(
    told().map((line) => line.replace(/^.* dropped /, '')),
    [
      'basic rule 1 of "shop" needs ClusterName, and Hostname or Path',
      'the rules for "other.org": host_rule.data does not give that host to "shop", so BFE never asks them',
      'basic rule 2 of "shop": "a.*.org" is neither a host nor *.host nor *',
      'basic rule 2 of "shop": "x" can be the path of no request',
      'basic rule 2 of "shop": "/a*b" can be the path of no request',
      'basic rule 3 of "shop": another rule has "other.org" and "/ok" already',
      'basic rule 4 of "shop": "" can be the path of no request',
      'rules of product "ghost": nothing leads to it, neither host nor VIP',
      'rule 1 of "shop" needs Cond and ClusterName',
    ],
  );
});

test('rules with conditions are copied to a bounded number of places', (t) => {
  const names = Array.from({ length: 100 }, (_, i) => i);
  const { told, data } = importTree(t, {
    [ROUTE_RULE]: {
      ...PRISTINE,
      BasicRule: {
        shop: [
          { Path: ['*'], ClusterName: 'web' },
          { Path: names.map((i) => `/a${i}`), ClusterName: 'ADVANCED_MODE' },
        ],
      },
      ProductRule: { shop: names.map((i) => ({ Cond: `req_path_in("/a${i}", false)`, ClusterName: 'web' })) },
    },
  });

  assert.ok(data.tenants.shop.routes.length <= 2200);
  assert.match(told()[0]!, /would have to be written out at more than 2000 places/);
});

test('conditions on bodies are kept, with the bound of BFE as far as it may be', (t) => {
  const body = advanced(['req_body_json_in("model", "small", false)', 'web'], ['default_t()', 'web']);
  const { data, told } = importTree(t, { ...body, 'bfe.conf': '[Server]\nAccessibleBodySize = 131072\n' });

  assert.deepEqual(told(), []);
  assert.equal(data.tenants.shop.routes[0].when, 'req_body_json_in("model", "small", false)');
  assert.equal(data.limits.conditionBody, '128KiB');
  assert.equal(importTree(t, body).data.limits.conditionBody, '1MiB');
  assert.equal(importTree(t).data.limits.conditionBody, undefined);
});

test('tags of modules are written with the conditions under which they are set', (t) => {
  const tag = (Cond: string, TagName: string, TagValue: string, Last = false) => ({
    Cond,
    Param: { TagName, TagValue },
    Last,
  });
  const { data, told } = importTree(t, {
    'bfe.conf': '[Server]\nModules = mod_tag\n',
    'mod_tag/mod_tag.conf': '',
    'mod_tag/tag_rule.data': {
      Version: '1',
      Config: {
        shop: [
          tag('req_method_in("GET")', 'kind', 'read', true),
          tag('req_path_in("/a", false)', 'kind', 'write:slow'),
          tag('default_t()', 'kind', 'writer'),
        ],
      },
    },
    ...advanced(
      ['req_tag_match("kind", "read") && req_path_in("/x", false)', 'web'],
      ['!req_tag_match("kind", "write")', 'web'],
      ['req_tag_match("other", "read")', 'web'],
    ),
  });

  assert.deepEqual(
    data.tenants.shop.routes.slice(0, -1).map(({ when }: { when: string }) => when),
    [
      'req_method_in("GET") && req_path_in("/x", false)',
      '!(req_path_in("/a", false) && !req_method_in("GET"))',
    ],
  );
  assert.equal(data.tenants.shop.modules.length, 3);
  assert.deepEqual(told(), [
    `${ROUTE_RULE}:14 dropped rule 3 of "shop": no rule of mod_tag sets "other" to "read"`,
  ]);
});
