import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type BfeFiles, type ImportedTree, importTree } from '../../support/bfe-tree.ts';

const RULES = 'tls_conf/tls_rule_conf.data';
const CERTIFICATES = 'tls_conf/server_cert_conf.data';

const CERTIFICATE_FILES: BfeFiles = {
  'tls_conf/certs/a.crt': 'a',
  'tls_conf/certs/a.key': 'b',
  [CERTIFICATES]: {
    Version: '1',
    Config: {
      Default: 'a',
      CertConf: { a: { ServerCertFile: 'tls_conf/certs/a.crt', ServerKeyFile: 'tls_conf/certs/a.key' } },
    },
  },
  'server_data_conf/host_rule.data': {
    Version: '1',
    Hosts: { shop: ['shop.example.org'], blog: ['blog.example.org', '*.blog.example.org'] },
    HostTags: { shop: ['shop'], blog: ['blog'] },
  },
  'server_data_conf/vip_rule.data': { Version: '1', Vips: { vip: ['192.0.2.1'] } },
  'server_data_conf/route_rule.data': {
    Version: '1',
    ProductRule: Object.fromEntries(
      ['shop', 'blog', 'vip'].map((name) => [name, [{ Cond: 'default_t()', ClusterName: 'web' }]]),
    ),
  },
};

/** A tree with a certificate and these TLS rules; the result is a good configuration. */
function withRules(t: TestContext, rules: object, files: BfeFiles = {}, top: object = {}): ImportedTree {
  const tree = importTree(t, {
    ...CERTIFICATE_FILES,
    [RULES]: { Version: '1', Config: rules, ...top },
    ...files,
  });
  tree.settings();
  return tree;
}

const reasons = (tree: ImportedTree) => tree.told().map((line) => line.replace(/^.* dropped /, ''));

test('certificates stay where they are, and listen on the port for TLS', (t) => {
  const { data, told } = withRules(
    t,
    {},
    { 'bfe.conf': '[Server]\nHttpsPort = 443\nHttpsAddr = 192.0.2.7\n' },
  );

  assert.deepEqual(told(), []);
  assert.deepEqual(data.listen, [{ address: ':8080' }, { address: '192.0.2.7:443', tls: true }]);
  assert.deepEqual(data.certificates, [
    { cert: 'conf/tls_conf/certs/a.crt', key: 'conf/tls_conf/certs/a.key', default: true },
  ]);
  // Nobody has asked for what is older than TLS 1.2, but HTTP/2 was not spoken.
  assert.deepEqual(data.tenants.shop.tls, { protocols: ['http/1.1'] });
  assert.deepEqual(data.http2, { maxStreams: 200 });
});

test('without a certificate nothing listens for TLS, and that is told', (t) => {
  const tree = importTree(t, { 'bfe.conf': '[Server]\nHttpsPort = 443\n' });

  assert.deepEqual(tree.data.listen, [{ address: ':8080' }]);
  assert.equal(tree.data.tenants.shop.tls, undefined);
  assert.deepEqual(tree.told(), [
    'bfe.conf:2 dropped HttpsPort 443: there is no certificate, so nothing listens with TLS',
  ]);
});

test('rules are found by SNI, by VIP, and by their name', (t) => {
  const rule = (Grade: string, rest: object) => ({ CertName: 'a', Grade, ...rest });
  const { data, told } = withRules(t, {
    one: rule('A+', { SniConf: ['shop.example.org'] }),
    two: rule('c', { VipConf: ['192.0.2.1', '192.0.2.9'] }),
    blog: rule('B', {}),
  });

  assert.deepEqual(told(), []);
  assert.equal(data.tenants.shop.tls.profile, 'modern');
  assert.equal(data.tenants.vip.tls.profile, 'old');
  assert.equal(data.tenants.blog.tls.profile, 'old');
  assert.deepEqual(data.certificates[0].vips, ['192.0.2.1', '192.0.2.9']);
});

test('the oldest version of bfe.conf holds where the profile goes further back', (t) => {
  const { data } = withRules(
    t,
    { shop: { CertName: 'a', Grade: 'C' }, blog: { CertName: 'a', Grade: 'A' } },
    { 'bfe.conf': '[Server]\n[HttpsBasic]\nMinTlsVersion = VersionTLS11\n' },
  );

  assert.deepEqual(data.tenants.shop.tls, { protocols: ['http/1.1'], profile: 'old', minVersion: '1.1' });
  assert.deepEqual(data.tenants.blog.tls, { protocols: ['http/1.1'], profile: 'intermediate' });
});

test('protocols keep their levels and rates', (t) => {
  const { data, told } = withRules(
    t,
    {
      shop: { CertName: 'a', NextProtos: ['h2;rate=10;isw=65535;mcs=300;level=0', 'http/1.1'] },
      blog: { CertName: 'a', NextProtos: ['h2&level=1', 'spdy/3.1', 'http/1.1'] },
    },
    {},
    { DefaultNextProtos: ['h2;mcs=50', 'http/1.1'] },
  );

  assert.deepEqual(data.tenants.shop.tls.protocols, [{ name: 'h2', rate: 10 }, 'http/1.1']);
  assert.deepEqual(data.tenants.blog.tls.protocols, [{ name: 'h2', level: 'must-offer' }, 'http/1.1']);
  assert.deepEqual(data.tenants.vip.tls.protocols, ['h2', 'http/1.1']);
  assert.equal(data.http2.maxStreams, 300);
  assert.deepEqual(told(), [
    `${RULES}:15 dropped NextProtos "spdy/3.1": SPDY is not spoken: no client has it any more; h2 took its place`,
  ]);
});

test('protocols that are none are dropped with the reason', (t) => {
  const wrong = [
    'h3',
    'h2;level=3',
    'h2;rate=101',
    'h2;rate=50;level=1',
    'h2;pp=1',
    'h2;x=1',
    'h2;rate=1;rate=2',
    'http/1.1;rate=5',
  ];
  const tree = withRules(t, { shop: { CertName: 'a', NextProtos: [...wrong, 'http/1.1'] } });

  assert.deepEqual(tree.data.tenants.shop.tls.protocols, ['http/1.1']);
  assert.equal(reasons(tree).length, wrong.length);
});

test('streams go where the rules send what nothing is known of', (t) => {
  const { data } = withRules(t, { shop: { CertName: 'a', NextProtos: ['stream;level=2;pp=2'] } });

  assert.deepEqual(data.tenants.shop.tls.protocols, [{ name: 'stream', level: 'mandatory' }]);
  assert.deepEqual(data.tenants.shop.stream, { cluster: 'web', proxyProtocol: 'v2' });
});

test('streams that lead nowhere are dropped', (t) => {
  const tree = withRules(
    t,
    { shop: { CertName: 'a', NextProtos: ['stream', 'http/1.1'] } },
    {
      'server_data_conf/route_rule.data': {
        Version: '1',
        ProductRule: { shop: [{ Cond: 'req_method_in("GET")', ClusterName: 'web' }] },
      },
    },
  );

  assert.deepEqual(tree.data.tenants.shop.tls.protocols, ['http/1.1']);
  assert.deepEqual(reasons(tree), ['streams of tenant shop lead nowhere: no rule of it always holds']);
});

test('clients must show certificates of the same authority, with its lists of revoked ones', (t) => {
  const { data, told } = withRules(
    t,
    { shop: { CertName: 'a', ClientAuth: true, ClientCAName: 'partners' } },
    {
      'tls_conf/client_ca/partners.crt': 'a',
      'tls_conf/client_crl/partners/b.crl': 'b',
      'tls_conf/client_crl/partners/a.crl': 'a',
      'tls_conf/client_crl/partners/README': 'none',
    },
  );

  assert.deepEqual(told(), []);
  assert.deepEqual(data.tenants.shop.tls.clientAuth, {
    ca: 'conf/tls_conf/client_ca/partners.crt',
    crl: ['conf/tls_conf/client_crl/partners/a.crl', 'conf/tls_conf/client_crl/partners/b.crl'],
  });
});

test('nobody gets in without a certificate where BFE asked for one', (t) => {
  const auth = { ClientAuth: true, ClientCAName: 'partners' };
  const ca = { 'tls_conf/client_ca/partners.crt': 'a' };
  const tree = withRules(
    t,
    {
      one: { CertName: 'a', SniConf: ['blog.example.org'], Grade: 'A' },
      two: { CertName: 'a', SniConf: ['x.blog.example.org'], ...auth },
    },
    ca,
  );
  assert.equal(tree.data.tenants.blog.tls.clientAuth.ca, 'conf/tls_conf/client_ca/partners.crt');
  assert.match(reasons(tree).join('\n'), /^TLS rule "two": tenant blog has the TLS of rule "one" already/);

  for (const broken of [
    { ClientAuth: true },
    { ClientAuth: 'true' },
    { ClientAuth: true, ClientCAName: '' },
  ]) {
    const { yaml, told } = importTree(t, {
      ...CERTIFICATE_FILES,
      [RULES]: { Version: '1', Config: { shop: { CertName: 'a', ...broken } } },
    });
    assert.equal(yaml, '');
    assert.match(told('error').join('\n'), /^tls_conf\/tls_rule_conf\.data:6 error ClientAuth /);
  }
});

test('tickets are off where bfe.conf says so', (t) => {
  const conf = (flag: boolean) =>
    `[Server]\n[SessionTicket]\nSessionTicketsDisabled = ${flag}\nSessionTicketKeyFile = tls_conf/key.data\n`;

  const off = withRules(t, {}, { 'bfe.conf': conf(true) });
  assert.equal(off.data.tenants.shop.tls.tickets, false);
  assert.deepEqual(off.told(), []);

  const on = withRules(t, {}, { 'bfe.conf': conf(false) });
  assert.equal(on.data.tenants.shop.tls.tickets, undefined);
  assert.match(reasons(on).join('\n'), /^SessionTicketKeyFile "tls_conf\/key\.data": keys are random/);
});

test('rules that mean nothing are dropped', (t) => {
  const tree = withRules(
    t,
    {
      ghost: { CertName: 'b', SniConf: ['gone.org'], VipConf: ['x', '192.0.2.3'], Grade: 'D' },
    },
    {
      [CERTIFICATES]: {
        Version: '1',
        Config: {
          Default: 'z',
          CertConf: {
            a: { ServerCertFile: 'tls_conf/certs/a.crt', ServerKeyFile: 'tls_conf/certs/a.key' },
            b: { ServerCertFile: 'tls_conf/certs/a.crt' },
          },
        },
      },
    },
  );

  assert.deepEqual(
    reasons(tree).map((line) => line.slice(0, 45)),
    [
      'Default "z": there is no such certificate',
      'certificate "b" needs ServerCertFile and Serv',
      'TLS rule "ghost": no product has its hosts, i',
      'CertName "b": server_cert_conf.data has no su',
      'SniConf "gone.org": no product has that host',
      'VipConf: expected an IP address such as "192.',
      'VIP 192.0.2.3: no certificate is named for it',
      'Grade "D": BFE knows A+, A, B and C',
    ],
  );
});

test('what bfe.conf says of TLS is taken by profiles, or dropped', (t) => {
  const conf = [
    '[Server]',
    '[HttpsBasic]',
    'ClientCABaseDir = cas',
    'CipherSuites = TLS_ECDHE_RSA_WITH_RC4_128_SHA',
    'CurvePreferences = CurveP256',
    'MaxTlsVersion = VersionTLS12',
    'MinTlsVersion = VersionSSL30',
    'EnableSslv2ClientHello = true',
    '[SessionCache]',
    'SessionCacheDisabled = false',
    'Servers = redis',
  ];
  const tree = withRules(
    t,
    { shop: { CertName: 'a', Grade: 'C', ClientAuth: true, ClientCAName: 'x', Chacha20: true } },
    { 'bfe.conf': `${conf.join('\n')}\n`, 'cas/x.crt': 'a' },
  );

  assert.deepEqual(tree.data.tenants.shop.tls, {
    protocols: ['http/1.1'],
    profile: 'old',
    clientAuth: { ca: 'conf/cas/x.crt' },
  });
  assert.deepEqual(
    tree.told().map((line) => line.slice(0, 44)),
    [
      'bfe.conf:8 dropped EnableSslv2ClientHello: a',
      'bfe.conf:10 dropped SessionCache: sessions a',
      'bfe.conf:11 dropped Servers: there is no ses',
    ],
  );
  const changed = tree.told('changed').map((line) => /^bfe\.conf:\d+ changed (\w+)/.exec(line)?.[1]);
  for (const name of ['CipherSuites', 'CurvePreferences', 'MaxTlsVersion', 'MinTlsVersion'])
    assert.ok(changed.includes(name), name);

  const odd = withRules(
    t,
    {},
    { 'bfe.conf': '[Server]\n[HttpsBasic]\nMinTlsVersion = 1.2\nEnableSslv2ClientHello = false\n' },
  );
  assert.deepEqual(reasons(odd), [
    'MinTlsVersion "1.2": BFE knows VersionSSL30, VersionTLS10, VersionTLS11, VersionTLS12',
  ]);
});

test('a response of OCSP from a file stays one', (t) => {
  const { data } = withRules(
    t,
    {},
    {
      [CERTIFICATES]: {
        Version: '1',
        Config: {
          Default: 'a',
          CertConf: {
            a: {
              ServerCertFile: 'tls_conf/certs/a.crt',
              ServerKeyFile: 'tls_conf/certs/a.key',
              OcspResponseFile: 'tls_conf/certs/a.key',
            },
          },
        },
      },
    },
  );

  assert.equal(data.certificates[0].ocsp, 'conf/tls_conf/certs/a.key');
});

test('a mandatory protocol beside others is refused, as by BFE', (t) => {
  const tree = withRules(t, { shop: { CertName: 'a', NextProtos: ['h2;level=2', 'http/1.1'] } });

  assert.deepEqual(tree.data.tenants.shop.tls.protocols, ['http/1.1']);
  assert.deepEqual(reasons(tree), ['NextProtos: a protocol of level 2 is the only one of its list']);
});
