import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { loadConfig, loadSettings, parseConfig } from '../../../src/config/load.ts';
import { readPlainYaml } from '../../../src/config/plain-yaml.ts';
import { formatProblems } from '../../../src/config/problem.ts';
import { goodSettings, settingsOf, shortProblems } from '../../support/configuration.ts';

const MINIMAL = `
listen: [{ address: ":8080" }]
tenants: { site: { hosts: [www.example.org], routes: [{ cluster: web }] } }
clusters: { web: { instances: [{ address: "127.0.0.1:9001" }] } }
`;

describe('settings', () => {
  it('have the documented defaults where the file is silent', () => {
    const settings = settingsOf(MINIMAL);

    assert.deepEqual(settings, {
      workers: availableParallelism(),
      drainMs: 10_000,
      moduleTimeoutMs: 5000,
      listeners: [{ host: '::', port: 8080, text: ':8080', tls: false }],
      admin: undefined,
      log: { level: 'info', access: { kind: 'stdout' } },
      timeouts: { clientHeaderMs: 10_000, clientIdleMs: 60_000, clientBodyMs: 30_000, clientWriteMs: 60_000 },
      limits: {
        headBytes: 65_536,
        lineBytes: 16_384,
        headers: 200,
        maxBodyBytes: undefined,
        conditionBodyBytes: 65_536,
      },
      http2: {
        maxStreams: 128,
        streamWindowBytes: 262_144,
        connectionWindowBytes: 2_097_152,
        glitches: 1000,
      },
      trustedProxies: [],
      certificates: [],
      tickets: { rotateMs: 43_200_000, keys: undefined },
      acme: [],
      tenants: [
        {
          name: 'site',
          hosts: ['www.example.org'],
          vips: [],
          tls: { protocols: ['h2', 'http/1.1'], minVersion: '1.2', maxVersion: '1.3' },
          stream: undefined,
          routes: [{ host: undefined, path: undefined, target: { kind: 'cluster', cluster: 'web' } }],
        },
      ],
      defaultTenant: undefined,
      clusters: [
        {
          name: 'web',
          protocol: 'http',
          pipelining: undefined,
          tls: undefined,
          balance: 'round-robin',
          hashOn: undefined,
          sticky: undefined,
          instances: [{ host: '127.0.0.1', port: 9001, text: '127.0.0.1:9001', weight: 1 }],
          subClusters: undefined,
          timeouts: { connectMs: 2000, responseHeaderMs: 60_000, idleMs: 60_000 },
          totalTimeoutMs: undefined,
          clientTimeouts: {},
          retry: { attempts: 2, on: ['connect-failure'], unsafe: false, budget: 0.2, backoffMs: undefined },
          hedge: undefined,
          breaker: undefined,
          health: {
            probe: undefined,
            intervalMs: 1000,
            timeoutMs: undefined,
            fail: 3,
            pass: 1,
            failRate: undefined,
            failOn: [],
            maxEjectedShare: 1,
            panicShare: undefined,
          },
          maxRequests: undefined,
          queue: undefined,
          slowStartMs: undefined,
          maxBodyBytes: undefined,
        },
      ],
    });
  });

  it('take over everything the file says', () => {
    const settings = settingsOf(`
workers: 3
drain: 0s
listen: [{ address: "[::1]:0", proxyProtocol: { from: ["10.0.0.0/8", "::1"] } }]
admin: { address: "127.0.0.1:8421" }
log: { level: warn, access: { file: logs/access.log } }
timeouts: { clientHeader: 1s, clientIdle: 2s, clientBody: 3s, clientWrite: 4s, connect: 5s, responseHeader: 6s, idle: 7s }
limits: { head: 32KiB, line: 8KiB, headers: 50, maxBody: 1MiB, conditionBody: 128KiB }
http2: { maxStreams: 1, streamWindow: 64KiB, connectionWindow: 1MiB, glitches: 100 }
trustedProxies: ["10.0.0.0/8", "::1"]
tenants:
  a:
    hosts: [A.example.org., "*.a.example.org", "[::1]"]
    vips: [10.1.2.3, "2001:DB8:0::0:1", "::ffff:a01:204"]
    tls: { protocols: [http/1.1, h2], minVersion: 1.3 }
    routes:
      - { path: /api/*, host: X.a.example.org, cluster: other, mirror: { cluster: plain, percent: 0.5, maxBody: 1KiB } }
      - { path: /r, redirect: { to: /s } }
      - { path: /t, redirect: { to: /u, status: 308 } }
      - { path: /v, respond: { status: 200, body: "x\\n", headers: { X-A: " b ", Content-Type: text/html } } }
      - { respond: { status: 404 } }
defaultTenant: a
clusters:
  other:
    protocol: http
    pipelining: 8
    balance: round-robin
    instances: [{ address: "b:1", weight: 5 }]
    timeouts: { connect: 8s, total: 20s, idle: 9s, clientBody: 10s, clientWrite: 11s }
    limits: { maxBody: none }
    retry: { attempts: 1, on: [], backoff: 25ms }
    slowStart: 30s
    hedge: { after: 200ms }
    maxRequests: 100
    queue: { max: 20, timeout: 2s }
    health: { path: "/h?x", interval: 1m, fail: 2, pass: 4, failRate: 40%, window: 5s, failOn: [503], maxEjected: 30%, panic: 60% }
  plain: { instances: [{ address: "b:2" }], pipelining: { depth: 4, maxWait: 1s } }
  asked: { instances: [{ address: "b:3" }], health: { path: /, host: "[::1]", status: [204, 4xx], timeout: 2s } }
  called: { instances: [{ address: "b:4" }], protocol: h2c, health: { probe: grpc, service: a.B } }
  greeted: { instances: [{ address: "b:5" }], health: { probe: tls, host: B.example } }
  touched: { instances: [{ address: "b:6" }], health: { probe: tcp } }
`);

    assert.equal(settings.workers, 3);
    assert.equal(settings.drainMs, 0);
    assert.deepEqual(settings.listeners, [
      { host: '::1', port: 0, text: '[::1]:0', tls: false, proxyProtocol: { from: ['10.0.0.0/8', '::1'] } },
    ]);
    assert.deepEqual(settings.admin, { host: '127.0.0.1', port: 8421, text: '127.0.0.1:8421' });
    assert.deepEqual(settings.log, {
      level: 'warn',
      access: { kind: 'file', file: resolve('logs/access.log') },
    });
    assert.deepEqual(Object.values(settings.timeouts), [1000, 2000, 3000, 4000]);
    assert.deepEqual(Object.values(settings.limits), [32_768, 8192, 50, 1_048_576, 131_072]);
    assert.deepEqual(settings.trustedProxies, ['10.0.0.0/8', '::1']);
    assert.deepEqual(Object.values(settings.http2), [1, 65_536, 1_048_576, 100]);
    const [tenant] = settings.tenants;
    assert.deepEqual(tenant?.hosts, ['a.example.org', '*.a.example.org', '::1']);
    assert.deepEqual(tenant?.vips, ['10.1.2.3', '2001:db8::1', '10.1.2.4']);
    assert.deepEqual(tenant?.tls, { protocols: ['http/1.1', 'h2'], minVersion: '1.3', maxVersion: '1.3' });
    assert.deepEqual(tenant?.routes[0]?.mirror, { cluster: 'plain', percent: 0.5, maxBodyBytes: 1024 });
    assert.deepEqual(
      tenant?.routes.map(({ target }) => target),
      [
        { kind: 'cluster', cluster: 'other' },
        { kind: 'redirect', to: '/s', status: 302 },
        { kind: 'redirect', to: '/u', status: 308 },
        {
          kind: 'respond',
          status: 200,
          body: 'x\n',
          headers: [
            ['x-a', 'b'],
            ['content-type', 'text/html'],
          ],
        },
        { kind: 'respond', status: 404, body: '', headers: [] },
      ],
    );
    assert.deepEqual(tenant?.routes[0]?.host, 'x.a.example.org');
    assert.equal(settings.defaultTenant, 'a');
    const [other, plain] = settings.clusters;
    assert.deepEqual(other?.timeouts, { connectMs: 8000, responseHeaderMs: 6000, idleMs: 9000 });
    assert.equal(other?.totalTimeoutMs, 20_000);
    assert.deepEqual(other?.clientTimeouts, { clientBodyMs: 10_000, clientWriteMs: 11_000 });
    assert.deepEqual(other?.pipelining, { depth: 8, maxWaitMs: 100 });
    assert.deepEqual(plain?.pipelining, { depth: 4, maxWaitMs: 1000 });
    assert.deepEqual(other?.retry, { attempts: 1, on: [], unsafe: false, budget: 0.2, backoffMs: 25 });
    assert.equal(other?.slowStartMs, 30_000);
    assert.deepEqual(other?.hedge, { afterMs: 200, max: 1 });
    assert.equal(other?.maxRequests, 100);
    assert.deepEqual(other?.queue, { max: 20, timeoutMs: 2000 });
    assert.deepEqual(other?.health, {
      probe: {
        kind: 'http',
        path: '/h?x',
        host: undefined,
        statuses: [
          [200, 299],
          [300, 399],
        ],
      },
      intervalMs: 60_000,
      timeoutMs: undefined,
      fail: 2,
      pass: 4,
      failRate: { failureShare: 0.4, minRequests: 20, windowMs: 5000 },
      failOn: [[503, 503]],
      maxEjectedShare: 0.3,
      panicShare: 0.6,
    });
    assert.deepEqual(
      settings.clusters.slice(2).map(({ health }) => [health.probe, health.timeoutMs]),
      [
        [
          {
            kind: 'http',
            path: '/',
            host: '[::1]',
            statuses: [
              [204, 204],
              [400, 499],
            ],
          },
          2000,
        ],
        [{ kind: 'grpc', host: undefined, service: 'a.B' }, undefined],
        [{ kind: 'tls', serverName: 'b.example' }, undefined],
        [{ kind: 'tcp' }, undefined],
      ],
    );
    assert.deepEqual(plain?.timeouts, { connectMs: 5000, responseHeaderMs: 6000, idleMs: 7000 });
  });

  it('let a cluster lift or set the bound on bodies, and else hand it the one of the file', () => {
    const settings = settingsOf(`
listen: [{ address: ":1" }]
limits: { maxBody: 1MiB }
clusters:
  none: { instances: [{ address: "a:1" }], limits: { maxBody: none } }
  some: { instances: [{ address: "a:1" }], limits: { maxBody: 0 } }
  same: { instances: [{ address: "a:1" }] }
`);

    assert.deepEqual(
      settings.clusters.map(({ maxBodyBytes }) => maxBodyBytes),
      [undefined, 0, 1_048_576],
    );
  });

  it('are frozen all the way down, and survive a trip to another process', () => {
    const settings = settingsOf(MINIMAL);

    const visit = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      assert(Object.isFrozen(value), JSON.stringify(value));
      Object.values(value).forEach(visit);
    };
    visit(settings);
    assert.deepEqual(structuredClone(settings), settings);
  });

  it('are the same from YAML in any style, JSON and an object', () => {
    const yaml = settingsOf(`
listen:
- address: &a ':8080'
tenants: {"site": {hosts: [ WWW.example.org ], routes: [ {cluster: web} ]}}
clusters:
  web:
    instances:
      -
        address: "127.0.0.1\\u003a9001"
`);
    const object = {
      listen: [{ address: ':8080' }],
      tenants: { site: { hosts: ['www.example.org'], routes: [{ cluster: 'web' }] } },
      clusters: { web: { instances: [{ address: '127.0.0.1:9001' }] } },
    };

    assert.deepEqual(yaml, settingsOf(MINIMAL));
    assert.deepEqual(settingsOf(JSON.stringify(object)), yaml);
    assert.deepEqual(goodSettings(loadSettings(object)), yaml);
    assert(readPlainYaml(MINIMAL) !== undefined, 'one of the texts above went the fast way');
  });
});

describe('settings from an object', () => {
  it('are checked as a file is, with paths for places', () => {
    const result = loadSettings({
      listen: [{ address: ':99999' }],
      tenants: { 'a.b': { hosts: ['x'], routes: [{ cluster: 'nope' }] } },
      admim: {},
    });

    assert(!result.ok);
    assert.equal(
      formatProblems(result.problems),
      `listen[0].address: port 99999 is out of range: 0 to 65535
admim: unknown key "admim"
  hint: did you mean "admin"?
tenants["a.b"].routes[0].cluster: there is no cluster "nope"
`,
    );
  });

  it('may leave keys undefined', () => {
    const result = loadSettings({
      listen: [{ address: ':1', tls: undefined }],
      admin: undefined,
      clusters: undefined,
    });

    assert.equal(goodSettings(result).admin, undefined);
  });

  it('cannot hide anything behind names that objects treat specially', () => {
    const result = loadSettings(
      JSON.parse('{"listen":[{"address":":1"}],"clusters":{"__proto__":{"instances":[]}}}'),
    );

    assert.match(shortProblems(result).join('\n'), /"__proto__" cannot be a name/);
  });

  it('find relative files from the directory given', () => {
    const object = { listen: [{ address: ':1' }], log: { access: { file: 'a.log' } } };

    const { log } = goodSettings(loadSettings(object, { directory: '/var/log' }));

    assert.deepEqual(log.access, { kind: 'file', file: '/var/log/a.log' });
  });
});

describe('a file', () => {
  it('is read from the disk, named as it was given, and listed with its absolute path', (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'portico-'));
    t.after(() => rmSync(directory, { recursive: true }));
    const file = join(directory, 'portico.yaml');
    writeFileSync(file, MINIMAL);

    const result = loadConfig(file);

    assert(result.ok);
    assert.deepEqual(result.files, [file]);
  });

  it('shows the first hundred of many problems, and says how many more there are', () => {
    const keys = Array.from({ length: 250 }, (_, i) => `  k${i}: 1\n`).join('');
    const text = `listen: [{ address: ":8080" }]\nlog:\n${keys}`;
    const result = loadConfig('x.yaml', { readFile: () => text });
    assert(!result.ok);
    const lines = formatProblems(result.problems).split('\n');
    assert.equal(lines.filter((line) => line.includes('unknown key')).length, 100);
    assert.equal(lines.at(-2), 'and 150 more, which are not shown');
  });

  it('that is not there is a problem, not an exception', () => {
    const result = loadConfig('no/such/file.yaml');

    assert(!result.ok);
    assert.equal(formatProblems(result.problems), 'no/such/file.yaml: cannot be read: no such file\n');
  });

  it('that is a directory is a problem too', () => {
    const result = loadConfig('.');

    assert(!result.ok);
    assert.equal(formatProblems(result.problems), '.: cannot be read: it is a directory\n');
  });

  it('of any size is bounded', () => {
    const result = loadConfig('x.yaml', { readFile: () => '#'.repeat(64 * 1024 * 1024 + 1) });

    assert.match(shortProblems(result).join(), /it is larger than 64 MiB/);
  });

  it('of brackets only does not end the process', () => {
    for (const text of ['['.repeat(20_000), '{a: '.repeat(20_000), '- '.repeat(20_000)]) {
      const result = parseConfig(text, 'deep.yaml');

      assert.match(shortProblems(result).join(), /the text is nested too deeply/);
    }
  });
});

describe('problems', () => {
  it('are shown with their line, a caret and a hint', () => {
    const result = parseConfig('listen:\n  - adress: ":8080"\n', 'conf/portico.yaml');

    assert(!result.ok);
    assert.equal(
      formatProblems(result.problems),
      `conf/portico.yaml:2:5: unknown key "adress"
      - adress: ":8080"
        ^
  hint: did you mean "address"?
`,
    );
    assert.equal(result.problems[0]?.path, 'listen[0].adress');
  });

  it('in very long lines are shown with what is around them', () => {
    const text = `listen: [${'{ address: ":0" }, '.repeat(100)}{ adress: ":0" }]`;
    const result = parseConfig(text, 'x.yaml');

    assert(!result.ok);
    const [, line, caret] = formatProblems(result.problems).split('\n');
    assert(line !== undefined && line.length <= 124);
    assert.equal(line.slice(caret?.indexOf('^')).split(':')[0], 'adress');
  });

  it('do not hand to the terminal what it would obey', () => {
    const result = parseConfig('listen: [{ address: ":0" }]\n"\u001b[31m\u202e\tred": 1\n', 'x.yaml');

    assert(!result.ok);
    assert.match(formatProblems(result.problems), /^ {4}"\u{fffd}\[31m\u{fffd}\tred": 1$/mu);
  });
});

it('10,000 tenants and clusters go the fast way', () => {
  const lines = ['listen: [{ address: ":8080" }]', 'tenants:'];
  for (let i = 0; i < 10_000; i++) {
    lines.push(`  t${i}:`, `    hosts: ["t${i}.example.org", "*.t${i}.example.org"]`, '    routes:');
    lines.push(`      - { path: "/api/*", cluster: c${i} }`, `      - { cluster: c${i} }`);
  }
  lines.push('clusters:');
  for (let i = 0; i < 10_000; i++) {
    lines.push(`  c${i}:`, '    instances:', `      - { address: "10.0.0.1:${i + 1}" }`);
  }
  const text = lines.join('\n');

  assert(readPlainYaml(text) !== undefined, 'not read by the fast reader');
  const settings = settingsOf(text);
  assert.equal(settings.tenants.length, 10_000);
  assert.equal(settings.clusters.at(-1)?.instances[0]?.port, 10_000);
});
