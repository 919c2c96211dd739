import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type BfeFiles, type ImportedTree, importTree } from '../../support/bfe-tree.ts';

const CLUSTER_CONF = 'server_data_conf/cluster_conf.data';
const GSLB = 'cluster_conf/gslb.data';
const TABLE = 'cluster_conf/cluster_table.data';

/** The least tree with this entry of cluster_conf.data; the result is a good configuration. */
function withCluster(t: TestContext, web: unknown, files: BfeFiles = {}): ImportedTree {
  const tree = importTree(t, { [CLUSTER_CONF]: { Version: '1', Config: { web } }, ...files });
  tree.settings();
  return tree;
}

function withPools(t: TestContext, weights: object, pools: object, web: unknown = {}): ImportedTree {
  return withCluster(t, web, {
    [GSLB]: { Clusters: { web: weights }, Hostname: '', Ts: '' },
    [TABLE]: { Version: '1', Config: { web: pools } },
  });
}

const instance = (Port: number, Weight = 1, Addr = '127.0.0.1') => ({ Name: 'x', Addr, Port, Weight });

const reasons = (tree: ImportedTree) => tree.told().map((line) => line.replace(/^.* dropped /, ''));

test('a cluster without settings has the defaults of BFE', (t) => {
  const { data, told } = withCluster(t, {});

  assert.deepEqual(told(), []);
  assert.deepEqual(data.clusters.web, {
    instances: [{ address: '127.0.0.1:9001', weight: 10 }],
    retry: { attempts: 3 },
    health: { fail: 5 },
  });
});

test('a cluster with all settings keeps them', (t) => {
  const { data, told } = withCluster(t, {
    BackendConf: {
      Protocol: 'HTTP',
      TimeoutConnSrv: 1500,
      TimeoutResponseHeader: 60_000,
      MaxIdleConnsPerHost: 2,
      MaxConnsPerHost: 7,
      RetryLevel: 1,
      SlowStartTime: 30,
      OutlierDetectionHttpCode: '5XX|404',
    },
    CheckConf: {
      Schem: 'http',
      Uri: '/healthz',
      Host: 'health.example.org',
      StatusCode: 204,
      FailNum: 4,
      SuccNum: 2,
      CheckInterval: 500,
      CheckTimeout: 250,
    },
    GslbBasic: { CrossRetry: 1, RetryMax: 3, BalanceMode: 'wlc', HashConf: { HashStrategy: 1 } },
    ClusterBasic: {
      TimeoutReadClient: 30_000,
      TimeoutWriteClient: 45_000,
      TimeoutReadClientAgain: 90_000,
      ReqWriteBufferSize: 512,
      ReqFlushInterval: 0,
      ResFlushInterval: -1,
      CancelOnClientClose: true,
    },
  });

  assert.deepEqual(told(), []);
  assert.deepEqual(data.clusters.web, {
    balance: 'least-connections',
    instances: [{ address: '127.0.0.1:9001', weight: 10 }],
    maxRequests: 7,
    slowStart: '30s',
    timeouts: { connect: '1500ms', responseHeader: '1m', clientBody: '30s', clientWrite: '45s' },
    retry: { on: ['connect-failure', 'connection-lost', 'timeout'], attempts: 5 },
    health: {
      path: '/healthz',
      host: 'health.example.org',
      status: [204],
      fail: 4,
      pass: 2,
      interval: '500ms',
      timeout: '250ms',
      failOn: ['5xx', 404],
    },
  });
  assert.equal(data.timeouts.clientIdle, '90s');
});

test('sub-clusters have their weights, the blackhole its share', (t) => {
  const { data, told } = withPools(
    t,
    { east: 90, west: 0, north: -1, GSLB_BLACKHOLE: 10 },
    { east: [instance(1, 2), instance(2, 0), instance(3, -1)], west: [instance(4)], north: [instance(5)] },
  );

  assert.deepEqual(told(), []);
  assert.deepEqual(data.clusters.web.subClusters, {
    east: { weight: 90, instances: [{ address: '127.0.0.1:1', weight: 2 }] },
    west: { weight: 0, instances: [{ address: '127.0.0.1:4' }] },
    GSLB_BLACKHOLE: { blackhole: true, weight: 10 },
  });
  assert.deepEqual(
    told('changed')
      .filter((line) => line.includes('left out'))
      .map((line) => line.replace(/:\d+ .*? is left out.*/, '')),
    [TABLE, TABLE, GSLB],
  );
});

test('weights that are too large keep their proportions', (t) => {
  const { data } = withPools(
    t,
    { east: 3000, west: 1 },
    { east: [instance(1, 5000), instance(2, 2500), instance(3, 1)], west: [instance(4)] },
  );

  const { east, west } = data.clusters.web.subClusters;
  assert.deepEqual([east.weight, west.weight], [1000, 1]);
  assert.deepEqual(
    east.instances.map(({ weight = 1 }: { weight?: number }) => weight),
    [1000, 500, 1],
  );
});

test('pools and instances that cannot be are dropped', (t) => {
  const tree = withPools(
    t,
    { main: 1, gone: 1, empty: 1, odd: '1' },
    {
      main: [
        instance(1),
        instance(1),
        instance(70_000),
        instance(2, 1, 'a b'),
        { Addr: '127.0.0.1', Port: 3 },
        instance(4, 1, '::1'),
      ],
      empty: [instance(5, 0)],
      odd: [],
    },
  );

  assert.deepEqual(tree.data.clusters.web.subClusters ?? tree.data.clusters.web.instances, [
    { address: '127.0.0.1:1' },
    { address: '[::1]:4' },
  ]);
  assert.deepEqual(reasons(tree).toSorted(), [
    'an instance of "main" needs Addr, Port and Weight',
    'instance "127.0.0.1:1" is in this cluster already: give it a larger weight there',
    'instance "127.0.0.1:70000": port 70000 is out of range: 0 to 65535',
    'instance "a b:2": "a b" is not a host name or an IP address',
    'odd of the sub-clusters of "web": expected a whole number, but found "1"',
    'sub-cluster "empty" of "web": no instance of it has a weight',
    'sub-cluster "gone" of "web": cluster_table.data has no instances for it',
  ]);
});

test('a cluster that nobody answers for is dropped, and its routes answer 503', (t) => {
  for (const [web, files, reason] of [
    [
      {},
      { [GSLB]: { Clusters: {} } },
      'cluster "web": gslb.data has no sub-clusters for it, so BFE has nobody to ask',
    ],
    [
      {},
      { [GSLB]: { Clusters: { web: { main: 0 } } } },
      'cluster "web": no sub-cluster has both a weight and instances',
    ],
    [
      { BackendConf: { Protocol: 'fcgi' } },
      {},
      'cluster "web": Protocol "fcgi": Portico does not speak FastCGI yet: put a server that does before it, and name that one',
    ],
  ] as const) {
    const tree = withCluster(t, web, files);
    assert.equal(reasons(tree)[0], reason);
    assert.deepEqual(tree.data.tenants.shop.routes, [{ respond: { status: 503 } }]);
  }
});

test('sticky sessions go by ring hash, on what their key is', (t) => {
  const hash = (HashConf: object) => {
    const { balance, hashOn } = withCluster(t, { GslbBasic: { BalanceMode: 'WRR', HashConf } }).data.clusters
      .web;
    return [balance, hashOn];
  };

  const on = { SessionSticky: true };
  assert.deepEqual(hash({ ...on, HashStrategy: 0, HashHeader: 'Cookie:UID' }), [
    'ring-hash',
    { cookie: 'UID' },
  ]);
  assert.deepEqual(hash({ ...on, HashStrategy: 2, HashHeader: 'X-User' }), [
    'ring-hash',
    { header: 'X-User' },
  ]);
  assert.deepEqual(hash({ ...on, HashStrategy: 3 }), ['ring-hash', 'uri']);
  assert.deepEqual(hash(on), ['ring-hash', 'address']);
  assert.deepEqual(hash({ ...on, HashStrategy: 0, HashHeader: 'Cookie:' }), [undefined, undefined]);
  assert.deepEqual(hash({ SessionSticky: false, HashStrategy: 3 }), [undefined, undefined]);
});

test('probes are those of CheckConf', (t) => {
  const health = (CheckConf: object, Protocol = 'http') =>
    withCluster(t, { BackendConf: { Protocol }, CheckConf }).data.clusters.web.health;

  const any = ['1xx', '2xx', '3xx', '4xx', '5xx'];
  assert.deepEqual(health({}), { path: '/health_check', status: any, fail: 5 });
  assert.deepEqual(health({ Uri: '/a', StatusCode: 6 }), { path: '/a', status: ['2xx', '3xx'], fail: 5 });
  assert.deepEqual(health({ Schem: 'tcp', Uri: '/a', FailNum: 2 }), { probe: 'tcp', fail: 2 });
  assert.deepEqual(health({ Schem: 'tls', Host: 'a.org' }), { probe: 'tls', host: 'a.org', fail: 5 });
  assert.deepEqual(health({ Schem: 'https', Uri: '/', StatusCodeRange: '3xx | 503' }, 'https'), {
    path: '/',
    status: ['3xx', 503],
    fail: 5,
  });
  assert.deepEqual(health({ Host: 'a.org:81', HostType: 'Instance_IP' }), {
    path: '/health_check',
    status: any,
    fail: 5,
  });
});

test('a cluster that is never checked has nobody taken out', (t) => {
  const { data } = withCluster(t, {
    CheckConf: { Uri: '/a' },
    ClusterBasic: { DisableHealthCheck: true },
  });

  assert.deepEqual(data.clusters.web.health, { maxEjected: '0%' });
});

test('TLS to instances names the files of BFE, wherever it was run', (t) => {
  const { data, told } = importTree(t, {
    'tls_conf/ca.crt': 'a',
    'tls_conf/bfe.crt': 'b',
    [CLUSTER_CONF]: {
      Version: '1',
      Config: {
        web: {
          BackendConf: { Protocol: 'https' },
          HTTPSConf: {
            RSHost: 'web.internal',
            RSCAList: ['../conf/tls_conf/ca.crt', 'tls_conf/other.crt'],
            BFECertFile: 'tls_conf/bfe.crt',
            BFEKeyFile: './conf/tls_conf/bfe.key',
            RSInsecureSkipVerify: true,
          },
        },
      },
    },
  });

  assert.equal(data.clusters.web.protocol, 'https');
  assert.deepEqual(data.clusters.web.tls, {
    serverName: 'web.internal',
    ca: 'conf/tls_conf/ca.crt',
    cert: 'conf/tls_conf/bfe.crt',
    key: 'conf/tls_conf/bfe.key',
    verify: false,
  });
  const [dropped, missing] = told();
  assert.match(
    dropped!,
    /RSCAList "tls_conf\/other.crt": one file has all authorities here: cat \S+ \S+ > ca\.pem/,
  );
  assert.match(missing!, /portico\.yaml:\d+ error cannot read "conf\/tls_conf\/bfe\.key": no such file/);
});

test('the longest wait for another request holds for all clusters', (t) => {
  const pool = { main: [instance(1)] };
  const { data, told } = importTree(t, {
    [CLUSTER_CONF]: {
      Version: '1',
      Config: {
        web: { ClusterBasic: { TimeoutReadClientAgain: 1000 } },
        api: { ClusterBasic: { TimeoutReadClientAgain: 3000 } },
      },
    },
    [GSLB]: { Clusters: { web: { main: 1 }, api: { main: 1 } } },
    [TABLE]: { Version: '1', Config: { web: pool, api: pool } },
  });

  assert.equal(data.timeouts.clientIdle, '3s');
  assert.ok(
    told('changed').some((line) => line.includes('TimeoutReadClientAgain 1000 ms: one timeouts.clientIdle')),
  );
});

test('what a cluster cannot have is dropped, and its unknown keys are named', (t) => {
  const tree = withCluster(t, {
    BackendConf: {
      TimeoutConnSrv: 0,
      OutlierDetectionHttpCode: '9xx',
      RetryLvel: 1,
      MaxIdleConnsPerHost: '2',
    },
    CheckConf: { Schem: 'udp', StatusCode: 50, FailNum: 5000 },
    GslbBasic: { BalanceMode: 'EPP', EPPAddr: ['a:1'], RetryMax: 20 },
    ClusterBasic: { DisableHostHeader: true },
    AIConf: {},
    Other: 1,
  });

  assert.equal(tree.data.clusters.web.retry.attempts, 10);
  assert.equal(tree.data.clusters.web.health.fail, 1000);
  assert.deepEqual(
    reasons(tree).map((line) => line.slice(0, 40)),
    [
      'TimeoutConnSrv 0: not above 0; the defau',
      'OutlierDetectionHttpCode "9xx": expected',
      '"RetryLvel" is no key of BackendConf of ',
      'MaxIdleConnsPerHost of BackendConf of cl',
      'Schem "udp": BFE knows http, https, tls ',
      'BalanceMode "EPP": round-robin is taken ',
      'EPPAddr: instances are not chosen by an ',
      'DisableHostHeader: instances get the hos',
      'AIConf: Portico is no gateway to models:',
      '"Other" is no key of cluster "web", and ',
    ],
  );
});

test('probes that cannot be are dropped, and what they said is named', (t) => {
  const health = (CheckConf: object) => {
    const tree = withCluster(t, { CheckConf });
    return [tree.data.clusters.web.health, ...reasons(tree).map((line) => line.split(':')[0])];
  };

  const any = ['1xx', '2xx', '3xx', '4xx', '5xx'];
  assert.deepEqual(health({ Uri: 'healthz' }), [{ fail: 5 }, 'Uri "healthz" is not a path such as /healthz']);
  assert.deepEqual(health({ Uri: '/a', Host: 'a b' }), [
    { path: '/a', status: any, fail: 5 },
    'Host "a b" is not the name of a host',
  ]);
  assert.deepEqual(health({ Host: 'a.org:81', CheckInterval: 0 }), [
    { path: '/health_check', host: 'a.org', status: any, fail: 5 },
    'Host "a.org',
    'CheckInterval 0',
  ]);
  assert.deepEqual(health({ Uri: '/a', StatusCode: 50, StatusCodeRange: '9xx' }), [
    { path: '/a', status: any, fail: 5 },
    'StatusCode 50',
    'StatusCodeRange "9xx"',
  ]);
});
