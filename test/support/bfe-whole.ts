import type { BfeFiles } from './bfe-tree.ts';

const MODULES = [
  'mod_trust_clientip',
  'mod_tag',
  'mod_cors',
  'mod_block',
  'mod_auth_basic',
  'mod_redirect',
  'mod_rewrite',
  'mod_header',
  'mod_prison',
];

const rules = (...shop: object[]) => ({ Version: '1', Config: { shop, global: [] } });
const action = (Cmd: string, ...Params: string[]) => ({ Cmd, Params });

/** A conf directory with something of everything that the import knows. */
export const WHOLE: BfeFiles = {
  'bfe.conf': `[Server]\nHttpPort = 8080\nHttpsPort = 8443\n${MODULES.map((name) => `Modules = ${name}\n`).join('')}[SessionTicket]\nSessionTicketsDisabled = false\n[Server]\n`,
  ...Object.fromEntries(MODULES.map((name) => [`${name}/${name}.conf`, '[Basic]\n'])),
  'server_data_conf/host_rule.data': {
    Version: '1',
    DefaultProduct: 'shop',
    Hosts: { shopTag: ['shop.example.org', '*.shop.example.org'], blogTag: ['blog.example.org'] },
    HostTags: { shop: ['shopTag'], blog: ['blogTag'] },
  },
  'server_data_conf/vip_rule.data': { Version: '1', Vips: { blog: ['192.0.2.1'] } },
  'server_data_conf/name_conf.data': { Version: '1', Config: { redis: [] } },
  'server_data_conf/route_rule.data': {
    Version: '1',
    BasicRule: {
      shop: [
        { Hostname: ['shop.example.org', '*.shop.example.org'], Path: ['/api*', '/x'], ClusterName: 'api' },
        { Hostname: ['shop.example.org'], Path: ['/api/v2*'], ClusterName: 'ADVANCED_MODE' },
        { Path: ['*'], ClusterName: 'web' },
      ],
    },
    ProductRule: {
      shop: [
        {
          Cond: 'req_host_tag_in("shopTag") && req_method_in("GET") || req_path_in("/a", false)',
          ClusterName: 'web',
        },
        { Cond: 'default_t()', ClusterName: 'web' },
      ],
      blog: [{ Cond: 'req_method_in("GET")', ClusterName: 'api' }],
    },
  },
  'server_data_conf/cluster_conf.data': {
    Version: '1',
    Config: {
      web: {
        BackendConf: {
          Protocol: 'https',
          TimeoutConnSrv: 2000,
          MaxConnsPerHost: 5,
          RetryLevel: 1,
          SlowStartTime: 3,
        },
        CheckConf: {
          Schem: 'https',
          Uri: '/',
          Host: 'a.org',
          StatusCode: 200,
          FailNum: 5,
          CheckInterval: 1000,
        },
        GslbBasic: {
          RetryMax: 2,
          BalanceMode: 'WLC',
          HashConf: { HashStrategy: 0, HashHeader: 'Cookie:UID', SessionSticky: true },
        },
        ClusterBasic: {
          TimeoutReadClient: 30_000,
          TimeoutReadClientAgain: 60_000,
          DisableHealthCheck: false,
        },
        HTTPSConf: { RSHost: 'a.org', RSCAList: ['ca.crt'], BFECertFile: 'a.crt', BFEKeyFile: 'a.key' },
      },
      api: {},
    },
  },
  'cluster_conf/gslb.data': {
    Clusters: { web: { east: 90, west: 10, GSLB_BLACKHOLE: 5 }, api: { main: 100 } },
    Hostname: '',
    Ts: '0',
  },
  'cluster_conf/cluster_table.data': {
    Version: '1',
    Config: {
      web: {
        east: [{ Name: 'a', Addr: '127.0.0.1', Port: 1, Weight: 10 }],
        west: [{ Name: 'b', Addr: '127.0.0.1', Port: 2, Weight: 10 }],
      },
      api: { main: [{ Name: 'c', Addr: 'api.internal', Port: 3, Weight: 1 }] },
    },
  },
  'ca.crt': 'a',
  'a.crt': 'a',
  'a.key': 'a',
  'tls_conf/client_ca/partners.crt': 'a',
  'tls_conf/server_cert_conf.data': {
    Version: '1',
    Config: { Default: 'a', CertConf: { a: { ServerCertFile: 'a.crt', ServerKeyFile: 'a.key' } } },
  },
  'tls_conf/tls_rule_conf.data': {
    Version: '1',
    DefaultNextProtos: ['http/1.1'],
    Config: {
      shop: {
        VipConf: ['192.0.2.2'],
        SniConf: ['shop.example.org'],
        CertName: 'a',
        NextProtos: ['h2;rate=100;isw=65535;mcs=200;level=0', 'http/1.1', 'stream;pp=1'],
        Grade: 'A',
        ClientAuth: true,
        ClientCAName: 'partners',
      },
    },
  },
  'mod_trust_clientip/trust_client_ip.data': {
    Version: '1',
    Config: { a: [{ Begin: '10.0.0.0', End: '10.0.0.9' }] },
  },
  'mod_tag/tag_rule.data': rules({ Cond: 'default_t()', Param: { TagName: 'a', TagValue: 'b' }, Last: true }),
  'mod_cors/cors_rule.data': rules({
    Cond: 'default_t()',
    AccessControlAllowOrigins: ['%origin'],
    AccessControlAllowMethods: ['GET'],
    AccessControlMaxAge: 5,
  }),
  'mod_block/ip_blocklist.data': '192.0.2.1 192.0.2.9\n',
  'mod_block/block_rules.data': rules({
    name: 'a',
    cond: 'req_path_in("/a", false)',
    action: { cmd: 'CLOSE', params: [] },
  }),
  'mod_auth_basic/auth_basic_rule.data': rules({
    Cond: 'req_path_in("/b", false)',
    UserFile: 'x',
    Realm: 'y',
  }),
  'mod_redirect/redirect.data': rules({
    Cond: 'req_path_in("/c", false)',
    Actions: [action('URL_SET', 'https://a.org/')],
    Status: 301,
  }),
  'mod_rewrite/rewrite.data': rules({
    Cond: 'req_path_in("/d", false)',
    Actions: [action('HOST_SET', 'a.org'), action('PATH_PREFIX_TRIM', '/d'), action('QUERY_ADD', 'a', 'b')],
    Last: true,
  }),
  'mod_header/mod_header.data': rules({
    Cond: 'default_t()',
    Actions: [action('REQ_HEADER_SET', 'X-A', '%bfe_client_ip'), action('RSP_HEADER_DEL', 'X-B')],
    Last: false,
  }),
  'mod_prison/prison.data': rules({ Cond: 'default_t()' }),
};
