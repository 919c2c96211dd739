import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type BfeFiles, bfeTree } from '../support/bfe-tree.ts';
import { testCertificate } from '../support/certificates.ts';
import { openClient, openTlsClient, requestText } from '../support/client.ts';
import type { PlainMessage } from '../support/http1-message.ts';
import { startHttpOrigin } from '../support/origin.ts';
import { PorticoProcess } from '../support/portico-process.ts';
import { runCommand } from '../support/run-command.ts';

const MAIN = resolve(import.meta.dirname, '../../src/main.ts');

/** A front end of BFE as people have it: products, certificates, rules of both kinds, modules. Every cluster answers with its name and what it was sent. */
async function treeOf(t: TestContext): Promise<BfeFiles> {
  const clusters = ['web', 'api', 'beta', 'blog'];
  const config: Record<string, object> = {};
  const gslb: Record<string, object> = {};
  const table: Record<string, object> = {};
  for (const name of clusters) {
    const { port } = await startHttpOrigin(t, (request, response) => {
      const { host, 'x-real-ip': client, 'x-added': added } = request.headers;
      response.setHeader('server', 'backend');
      response.end(`${name} ${request.method} ${host} ${request.url} ${client} ${added}`);
    });
    config[name] = { BackendConf: { TimeoutConnSrv: 2000 }, GslbBasic: { RetryMax: 1 } };
    gslb[name] = { main: 100, GSLB_BLACKHOLE: 0 };
    table[name] = { main: [{ Name: name, Addr: '127.0.0.1', Port: port, Weight: 10 }] };
  }
  const shop = testCertificate(['shop.example.org', '*.shop.example.org']);
  const blog = testCertificate(['blog.example.org']);
  const rules = (...list: object[]) => ({ Version: '1', Config: { shop: list } });
  return {
    'bfe.conf': [
      '[Server]',
      'HttpPort = 8080',
      'HttpsPort = 8443',
      'MaxCpus = 1',
      ...['mod_cors', 'mod_block', 'mod_redirect', 'mod_rewrite', 'mod_header'].map(
        (name) => `Modules = ${name}`,
      ),
      '',
    ].join('\n'),
    'server_data_conf/host_rule.data': {
      Version: '1',
      DefaultProduct: 'blog',
      Hosts: { shop: ['shop.example.org', '*.shop.example.org'], blog: ['blog.example.org'] },
      HostTags: { shop: ['shop'], blog: ['blog'] },
    },
    'server_data_conf/route_rule.data': {
      Version: '1',
      BasicRule: {
        shop: [
          { Hostname: ['shop.example.org'], Path: ['/api*'], ClusterName: 'api' },
          { Hostname: ['shop.example.org'], Path: ['/api/new*'], ClusterName: 'ADVANCED_MODE' },
        ],
      },
      ProductRule: {
        shop: [
          // To BFE: POST, and one of the two.
          {
            Cond: 'req_method_in("POST") && req_header_value_in("X-Beta", "1", false) || req_path_in("/beta", false)',
            ClusterName: 'beta',
          },
          { Cond: 'default_t()', ClusterName: 'web' },
        ],
        blog: [{ Cond: 'default_t()', ClusterName: 'blog' }],
      },
    },
    'server_data_conf/cluster_conf.data': { Version: '1', Config: config },
    'cluster_conf/gslb.data': { Clusters: gslb, Hostname: '', Ts: '0' },
    'cluster_conf/cluster_table.data': { Version: '1', Config: table },
    'tls_conf/certs/shop.crt': shop.cert,
    'tls_conf/certs/shop.key': shop.key,
    'tls_conf/certs/blog.crt': blog.cert,
    'tls_conf/certs/blog.key': blog.key,
    'tls_conf/server_cert_conf.data': {
      Version: '1',
      Config: {
        Default: 'blog',
        CertConf: {
          shop: { ServerCertFile: 'tls_conf/certs/shop.crt', ServerKeyFile: 'tls_conf/certs/shop.key' },
          blog: { ServerCertFile: 'tls_conf/certs/blog.crt', ServerKeyFile: 'tls_conf/certs/blog.key' },
        },
      },
    },
    'tls_conf/tls_rule_conf.data': {
      Version: '1',
      DefaultNextProtos: ['http/1.1'],
      Config: {
        shop: { CertName: 'shop', SniConf: ['shop.example.org'], NextProtos: ['h2', 'http/1.1'], Grade: 'A' },
      },
    },
    'mod_cors/mod_cors.conf': '[basic]\n',
    'mod_cors/cors_rule.data': rules({
      Cond: 'req_path_prefix_in("/api", false)',
      AccessControlAllowOrigins: ['https://app.example.org'],
      AccessControlAllowMethods: ['GET', 'PUT'],
    }),
    'mod_block/mod_block.conf': '[basic]\n',
    'mod_block/ip_blocklist.data': '127.0.0.9\n',
    'mod_block/block_rules.data': rules({
      name: 'traces',
      cond: 'req_path_in("/closed", false)',
      action: { cmd: 'CLOSE', params: [] },
    }),
    'mod_redirect/mod_redirect.conf': '[basic]\n',
    'mod_redirect/redirect.data': rules({
      Cond: 'req_path_prefix_in("/old", false)',
      Actions: [{ Cmd: 'URL_PREFIX_ADD', Params: ['https://shop.example.org/archive'] }],
      Status: 301,
    }),
    'mod_rewrite/mod_rewrite.conf': '[basic]\n',
    'mod_rewrite/rewrite.data': rules({
      Cond: 'req_path_prefix_in("/v1/", false)',
      Actions: [
        { Cmd: 'PATH_PREFIX_TRIM', Params: ['/v1/'] },
        { Cmd: 'PATH_PREFIX_ADD', Params: ['/v2/'] },
        { Cmd: 'QUERY_DEL', Params: ['secret'] },
      ],
      Last: true,
    }),
    'mod_header/mod_header.conf': '[basic]\nDataPath = mod_header/header_rule.data\n',
    'mod_header/header_rule.data': rules({
      cond: 'default_t()',
      actions: [
        { cmd: 'REQ_HEADER_SET', params: ['X-Added', 'by-%bfe_client_ip'] },
        { cmd: 'RSP_HEADER_SET', params: ['Server', 'edge'] },
      ],
      last: false,
    }),
  };
}

/** Imports the tree as people do, and runs what came out on ports that the system chooses. */
async function startImported(t: TestContext): Promise<PorticoProcess> {
  const root = bfeTree(t, await treeOf(t));
  const file = join(dirname(root), 'site.yaml');

  const imported = await runCommand(process.execPath, [MAIN, 'import', 'bfe', root, '--output', file]);
  assert.equal(imported.code, 0, imported.text);
  const checked = await runCommand(process.execPath, [MAIN, 'check', '-c', file]);
  assert.equal(checked.code, 0, checked.text);
  assert.match(checked.text, /site\.yaml: ok \(2 listeners, 2 tenants, 4 clusters, 2 certificates\)/);

  const yaml = readFileSync(file, 'utf8');
  writeFileSync(file, yaml.replaceAll(/"(?:127\.0\.0\.1)?:(?:8080|8443|8421)"/g, '"127.0.0.1:0"'));
  const portico = new PorticoProcess(['run', '-c', file]);
  t.after(() => portico.stop());
  return portico.ready();
}

test('what was imported from BFE runs, and requests go where the rules of BFE say', async (t) => {
  const portico = await startImported(t);
  const ask = async (
    line: string,
    host = 'shop.example.org',
    lines: readonly string[] = [],
  ): Promise<PlainMessage> => {
    const client = await openClient(t, portico.port());
    client.send(requestText(line, lines, host));
    return client.message();
  };
  const body = async (...request: Parameters<typeof ask>) => (await ask(...request)).body.split(' ')[0];

  await t.test('by host and path, and by conditions as BFE reads them', async () => {
    const beta = ['X-Beta: 1', 'Content-Length: 0'];
    assert.equal(await body('GET /'), 'web');
    assert.equal(await body('GET /', 'any.where.shop.example.org'), 'web');
    assert.equal(await body('GET /api'), 'api');
    assert.equal(await body('GET /api/x'), 'api');
    assert.equal(await body('GET /apix'), 'web');
    assert.equal(await body('GET /api', 'www.shop.example.org'), 'web');
    assert.equal(await body('GET /beta'), 'web');
    assert.equal(await body('POST /', undefined, beta), 'beta');
    assert.equal(await body('POST /api/old', undefined, beta), 'api');
    assert.equal(await body('POST /api/new', undefined, beta), 'beta');
    assert.equal(await body('GET /api/new/x'), 'web');
    assert.equal(await body('GET /', 'blog.example.org'), 'blog');
    assert.equal(await body('GET /', 'stranger.example'), 'blog');
  });

  await t.test('with what its modules make of them', async () => {
    const answer = await ask('GET /v1/x?a=1&secret=2');
    assert.equal(answer.body, 'web GET shop.example.org /v2/x?a=1 127.0.0.1 by-127.0.0.1');
    assert.equal(answer.headers.get('server'), 'edge');
    assert.equal((await ask('GET /', 'blog.example.org')).headers.get('server'), 'backend');

    const redirect = await ask('GET /old/x?y=1');
    assert.deepEqual(
      [redirect.status, redirect.headers.get('location')],
      [301, 'https://shop.example.org/archive/old/x?y=1'],
    );

    const from = (origin: string) => [`Origin: https://${origin}.example.org`];
    const allowed = ({ headers }: PlainMessage) => headers.get('access-control-allow-origin');
    const preflight = await ask('OPTIONS /api', undefined, [
      ...from('app'),
      'Access-Control-Request-Method: PUT',
    ]);
    assert.deepEqual(
      [preflight.status, allowed(preflight), preflight.headers.get('access-control-allow-methods')],
      [204, 'https://app.example.org', 'GET,PUT'],
    );
    assert.equal(allowed(await ask('GET /api', undefined, from('app'))), 'https://app.example.org');
    assert.equal(allowed(await ask('GET /api', undefined, from('evil'))), undefined);

    for (const [path, from] of [
      ['/closed', '127.0.0.1'],
      ['/', '127.0.0.9'],
    ] as const) {
      const client = await openClient(t, portico.port(), '127.0.0.1', from);
      client.send(requestText(`GET ${path}`, [], 'shop.example.org'));
      await client.untilEnded();
      assert.equal(client.text, '');
    }
  });

  await t.test('over TLS with the certificates and protocols of its rules', async () => {
    const negotiated = async (servername: string) => {
      const client = await openTlsClient(t, portico.port(1), {
        servername,
        ALPNProtocols: ['h2', 'http/1.1'],
      });
      const { subject } = client.socket.getPeerCertificate();
      return [subject.CN, client.socket.alpnProtocol];
    };
    const [shop, blog] = ['shop.example.org', 'blog.example.org'];
    assert.deepEqual(await negotiated(shop), [shop, 'h2']);
    assert.deepEqual(await negotiated(blog), [blog, 'http/1.1']);

    const client = await openTlsClient(t, portico.port(1), { servername: shop, ALPNProtocols: ['http/1.1'] });
    client.send(requestText('GET /api/1', [], shop));
    assert.match((await client.message()).body, /^api GET shop\.example\.org \/api\/1 /);
  });
});
