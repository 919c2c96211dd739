import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importTree } from '../../support/bfe-tree.ts';

const HOST_RULE = 'server_data_conf/host_rule.data';
const VIP_RULE = 'server_data_conf/vip_rule.data';
const ROUTE_RULE = 'server_data_conf/route_rule.data';

const toWeb = (...products: readonly string[]) => ({
  [ROUTE_RULE]: {
    Version: '1',
    ProductRule: Object.fromEntries(
      products.map((name) => [name, [{ Cond: 'default_t()', ClusterName: 'web' }]]),
    ),
  },
});

test('products become tenants with the hosts of all their tags', (t) => {
  const { data, told } = importTree(t, {
    [HOST_RULE]: {
      Version: '1',
      DefaultProduct: 'shop',
      Hosts: {
        a: ['Shop.example.org', '*.shop.example.org'],
        b: ['www.example.org'],
        c: ['blog.example.org'],
      },
      HostTags: { shop: ['a', 'b'], blog: ['c'] },
    },
    ...toWeb('shop', 'blog'),
  });

  assert.deepEqual(told(), []);
  assert.deepEqual(Object.keys(data.tenants), ['shop', 'blog']);
  assert.deepEqual(data.tenants.shop.hosts, ['shop.example.org', '*.shop.example.org', 'www.example.org']);
  assert.equal(data.defaultTenant, 'shop');
});

test('hosts that are nothing, and tags of nobody, are dropped with their lines', (t) => {
  const { data, told } = importTree(t, {
    [HOST_RULE]: `{"Version": "1", "DefaultProduct": "nobody",
      "Hosts": {"a": ["a.example.org",
        "b.example.org:80",
        "A.example.org",
        7],
      "stray": ["c.example.org"]},
      "HostTags": {"shop": ["a"], "blog": ["a"]}, "Hots": {}}`,
    ...toWeb('shop'),
  });

  assert.deepEqual(told(), [
    `${HOST_RULE}:1 dropped DefaultProduct "nobody": there is no such product in HostTags`,
    `${HOST_RULE}:3 dropped host "b.example.org:80" of "shop": expected a host name such as shop.example.org or *.shop.example.org, but found "b.example.org:80"`,
    `${HOST_RULE}:4 dropped host "A.example.org" is listed already, under the tag "a"`,
    `${HOST_RULE}:5 dropped the hosts of "a": expected a text, but found 7`,
    `${HOST_RULE}:6 dropped the hosts of the tag "stray": HostTags gives the tag to no product`,
    `${HOST_RULE}:7 dropped the tag "a" belongs to "shop" already`,
    `${HOST_RULE}:7 dropped "Hots" is no key of ${HOST_RULE}, and means nothing to BFE; did you mean "hosts"?`,
  ]);
  assert.deepEqual(data.tenants.shop.hosts, ['a.example.org']);
});

test('a product that takes all hosts, or is found by VIP alone, is a tenant with a host of nobody', (t) => {
  const { data, told, settings } = importTree(t, {
    [HOST_RULE]: { Version: '1', Hosts: { a: ['*'] }, HostTags: { every_one: ['a'] } },
    [VIP_RULE]: { Version: '1', Vips: { vip: ['192.0.2.1', '2001:DB8::1', '192.0.2.1', 'x'] } },
    ...toWeb('every_one', 'vip'),
  });

  settings();
  assert.equal(data.defaultTenant, 'every_one');
  assert.deepEqual(data.tenants.every_one.hosts, ['every-one.invalid']);
  assert.deepEqual(data.tenants.vip.hosts, ['vip.invalid']);
  assert.deepEqual(data.tenants.vip.vips, ['192.0.2.1', '2001:db8::1']);
  assert.deepEqual(
    told().map((line) => line.replace(/^.* dropped /, '')),
    [
      'VIP "192.0.2.1" belongs to "vip" already',
      'VIP of "vip": expected an IP address such as "192.0.2.1" or "2001:db8::1", but found "x"',
    ],
  );
});

test('names that Portico does not allow are made fit, and kept apart', (t) => {
  const { data, told, yaml } = importTree(t, {
    [HOST_RULE]: {
      Version: '1',
      Hosts: { a: ['a.example.org'], b: ['b.example.org'], c: ['c.example.org'] },
      HostTags: { 'my shop': ['a'], 'my/shop': ['b'], 'evil\n# x\u001b[31m': ['c'] },
    },
    ...toWeb('my shop', 'my/shop', 'evil\n# x\u001b[31m'),
  });

  assert.deepEqual(told(), []);
  assert.deepEqual(Object.keys(data.tenants), ['my-shop', 'my-shop-2', 'evil---x--31m']);
  assert.ok(told('changed').some((line) => line.includes('the name "my shop" is my-shop here')));
  assert.ok(!yaml.includes('\u001b') && !told('changed', 'kept').join('').includes('\u001b'));
});
