import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { problemsOf, settingsOf } from '../../support/configuration.ts';

const LISTEN = 'listen: [{ address: ":8080" }]';

/** Title, lines of the file, expected problems. */
type Case = [title: string, lines: string[], problems: string[]];

function check(cases: Case[]): void {
  for (const [title, lines, problems] of cases) {
    it(title, () => assert.deepEqual(problemsOf(lines.join('\n')), problems));
  }
}

describe('keys', () => {
  check([
    [
      'that are misspelled are named where they stand, with what was meant',
      ['lissten:', '  - address: ":8080"'],
      ['1:1 unknown key "lissten" (did you mean "listen"?)'],
    ],
    [
      'that resemble nothing come with those that are known there',
      [LISTEN, 'clusters:', '  web:', '    retry: { foo: 1 }', '    instances: [{ address: "a:1" }]'],
      ['4:14 unknown key "foo" (known here: attempts, on, unsafe, budget, backoff)'],
    ],
    [
      'that are required are missed at the key that should hold them',
      [LISTEN, 'tenants:', '  shop:', '    routes:', '      - { respond: { body: x } }'],
      ['3:3 "hosts" is missing', '5:11 "status" is missing'],
    ],
    [
      'that are required at the top are missed at the beginning',
      ['# nothing', '', 'workers: 1'],
      ['3:1 "listen" is missing'],
    ],
    [
      'given twice are found at the second one',
      [LISTEN, 'workers: 1', 'drain: 1s', 'workers: 2'],
      ['4:1 the key "workers" is given twice (the first one is in line 2)'],
    ],
    [
      'given twice deep within are found too',
      [LISTEN, 'tenants:', '  a: { hosts: [a], routes: [{ respond: { status: 200, status: 201 } }] }'],
      ['3:55 the key "status" is given twice (the first one is in line 3)'],
    ],
    [
      'that would change how objects behave are refused',
      [LISTEN, 'clusters:', '  __proto__: { instances: [{ address: "a:1" }] }'],
      [
        '3:3 "__proto__" cannot be a key',
        '3:3 "__proto__" cannot be a name (letters, digits, ".", "_" and "-", beginning with a letter or digit, at most 100)',
      ],
    ],
    [
      'left empty are pointed at themselves',
      [LISTEN, 'tenants:', 'defaultTenant: # none'],
      ['2:1 expected a mapping, but found nothing', "3:1 expected a tenant's name, but found nothing"],
    ],
  ]);
});

describe('values', () => {
  check([
    [
      'of the wrong kind show what was seen and what is expected',
      ['listen: ":8080"', 'workers: many', 'drain: 10', 'limits: 5', 'trustedProxies: 10.0.0.0/8'],
      [
        '1:9 expected a list, but found ":8080"',
        '2:10 expected a number of processes or auto, but found "many"',
        '3:8 expected a duration such as 500ms, 2s, 1m or 1h, but found 10 (give it a unit: 10s or 10ms)',
        '4:9 expected a mapping, but found 5',
        '5:17 expected a list, but found "10.0.0.0/8" (write ["10.0.0.0/8"])',
      ],
    ],
    [
      'out of range name the range',
      [LISTEN, 'workers: 0', 'limits: { headers: 0, head: 1, line: 2MiB }', 'timeouts: { connect: 0s }'],
      [
        '2:10 expected a whole number from 1 to 1024, but found 0',
        '3:20 expected a whole number from 1 to 10000, but found 0',
        '3:29 a size of 1 is too small: at least 1024 bytes',
        '3:38 a size of 2MiB is too large: at most 1048576 bytes',
        '4:22 a duration of 0s is too short: at least 1ms',
      ],
    ],
    [
      'that are words of YAML 1.1 are told apart from flags',
      ['listen:', '  - address: ":8080"', '    tls: no'],
      ['3:10 expected true or false, but found "no" (write false)'],
    ],
    [
      'from a choice come with the one that was meant',
      [LISTEN, 'log: { level: warning, access: stdot }'],
      [
        '2:15 expected trace, debug, info, warn, error or silent, but found "warning"',
        '2:32 expected stdout, off or { file: … }, but found "stdot" (did you mean "stdout"?)',
      ],
    ],
    [
      'within a choice of shapes are looked into',
      [LISTEN, 'admin: { adress: "x" }', 'log: { access: { file: 3 } }'],
      [
        '2:10 unknown key "adress" (did you mean "address"?)',
        '3:24 expected a file name, but found 3 (put it in quotes: "3")',
      ],
    ],
    [
      'of an admin address are explained as a whole',
      [LISTEN, 'admin: 8421'],
      ['2:8 expected { address: … } or off, but found 8421'],
    ],
    [
      'for statuses are those that fit',
      [
        LISTEN,
        'tenants:',
        '  a:',
        '    hosts: [a]',
        '    routes:',
        '      - { path: /1, redirect: { to: /x, status: 200 } }',
        '      - { path: /2, respond: { status: 100 } }',
      ],
      [
        '6:49 expected 301, 302, 303, 307 or 308, but found 200',
        '7:40 expected a whole number from 200 to 599, but found 100',
      ],
    ],
    [
      'for TLS versions may forget the quotes, but not be forbidden ones',
      [
        LISTEN,
        'tenants:',
        '  a:',
        '    hosts: [a]',
        '    routes: [{ respond: { status: 200 } }]',
        '    tls: { minVersion: 1.1, maxVersion: 1.3 }',
      ],
      ['6:24 TLS 1.1 is not offered: RFC 8996 forbids it (write "1.2", or profile: old)'],
    ],
    ['that are the whole file must be a mapping', ['- a'], ['1:1 expected a mapping, but found a list']],
    ['that are no file at all too', [''], ['1:1 expected a mapping, but found nothing']],
  ]);
});

describe('load balancers', () => {
  check([
    [
      'are listed, as networks',
      [
        'listen:',
        '  - { address: ":1", proxyProtocol: true }',
        '  - { address: ":2", proxyProtocol: {} }',
        '  - { address: ":3", proxyProtocol: { from: [] } }',
        '  - { address: ":4", proxyProtocol: { from: 10.0.0.0/8 } }',
        '  - { address: ":5", proxyProtocol: { from: ["10.0.0.0/33", lb.example.org], version: v2 } }',
      ],
      [
        '2:37 expected a mapping, but found true',
        '3:22 "from" is missing',
        '4:45 the list is empty: at least one entry is needed',
        '5:45 expected a list, but found "10.0.0.0/8" (write ["10.0.0.0/8"])',
        '6:46 the prefix length of "10.0.0.0/33" is not one of /0 to /32',
        '6:61 expected a network block such as "10.0.0.0/8" or "2001:db8::/32", or a single address, but found "lb.example.org"',
        '6:78 unknown key "version" (known here: from)',
      ],
    ],
  ]);
});

describe('VIPs', () => {
  const routes = '    routes: [{ respond: { status: 200 } }]';
  check([
    [
      'are single addresses, each of one tenant, however it is spelled',
      [
        LISTEN,
        'tenants:',
        '  a:',
        '    hosts: [a.example]',
        '    vips: ["10.1.2.3", "2001:db8::1", "10.1.2.3"]',
        routes,
        '  b:',
        '    hosts: [b.example]',
        '    vips: ["2001:DB8:0::0:1", "::ffff:10.1.2.3", "10.1.2.0/24", "[::1]", "fe80::1%eth0", vip.example]',
        routes,
        '  c:',
        '    hosts: [c.example]',
        '    vips: 10.1.2.4',
        routes,
      ],
      [
        '5:39 the VIP "10.1.2.3" is in tenants.a.vips already',
        '9:12 the VIP "2001:DB8:0::0:1" is in tenants.a.vips already',
        '9:31 the VIP "::ffff:10.1.2.3" is in tenants.a.vips already',
        '9:50 expected an IP address such as "192.0.2.1" or "2001:db8::1", but found "10.1.2.0/24" (one address: no network)',
        '9:65 expected an IP address such as "192.0.2.1" or "2001:db8::1", but found "[::1]" (without brackets)',
        '9:74 expected an IP address such as "192.0.2.1" or "2001:db8::1", but found "fe80::1%eth0"',
        '9:90 expected an IP address such as "192.0.2.1" or "2001:db8::1", but found "vip.example"',
        '13:11 expected a list, but found "10.1.2.4" (write ["10.1.2.4"])',
      ],
    ],
  ]);
});

describe('listeners and limits', () => {
  check([
    ['need an entry at least', ['listen: []'], ['1:9 the list is empty: at least one entry is needed']],
    [
      'have an address each',
      ['listen:', '  - address: ":80"', '  - address: "[::]:80"', 'admin: { address: ":80" }'],
      [
        '3:14 the address "[::]:80" is taken already, by listen[0].address',
        '4:19 the address ":80" is taken already, by listen[0].address',
      ],
    ],
    [
      'share a port where one has an address of its own, but not with the admin address, whose socket is alone',
      [
        'listen: [{ address: "127.0.0.1:80" }, { address: ":80" }, { address: "10.0.0.1:81" }]',
        'admin: { address: "0.0.0.0:81" }',
      ],
      ['2:19 the address "0.0.0.0:81" is taken already, by listen[2].address'],
    ],
    [
      'have another port than the admin address, or another host',
      ['listen: [{ address: "[::1]:81" }, { address: "10.0.0.1:81" }]', 'admin: { address: "127.0.0.1:81" }'],
      [],
    ],
    [
      'are the same however they are written',
      [
        'listen: [{ address: "[::1]:80" }, { address: "[0:0::1]:80" }, { address: "[0::0]:81" }]',
        'admin: { address: "[::ffff:127.0.0.1]:81" }',
      ],
      [
        '1:46 the address "[0:0::1]:80" is taken already, by listen[0].address',
        '2:19 the address "[::ffff:127.0.0.1]:81" is taken already, by listen[2].address',
      ],
    ],
    [
      'leave an admin address at all addresses its port',
      ['listen: [{ address: "[::1]:81" }]', 'admin: { address: ":81" }'],
      ['2:19 the address ":81" is taken already, by listen[0].address'],
    ],
    [
      'with TLS need a certificate',
      ['listen:', '  - { address: ":8443", tls: true }'],
      ['2:30 TLS needs a certificate, and there is none (add an entry with cert and key to certificates)'],
    ],
    [
      'of a line fit into those of a head',
      [LISTEN, 'limits: { head: 8KiB }'],
      ['2:17 a line of 16384 bytes does not fit into a head of 8192 bytes'],
    ],
    [
      'of a line fit into those of a head, also when both are given',
      [LISTEN, 'limits: { line: 9KiB, head: 8KiB }'],
      ['2:17 a line of 9216 bytes does not fit into a head of 8192 bytes'],
    ],
  ]);

  check([
    [
      'of HTTP/2 have bounds',
      [LISTEN, 'http2: { maxStreams: 0, streamWindow: 32KiB, connectionWindow: 1GiB, glitches: 5 }'],
      [
        '2:22 expected a whole number from 1 to 1000, but found 0',
        '2:39 a size of 32KiB is too small: at least 65536 bytes',
        '2:64 a size of 1GiB is too large: at most 67108864 bytes',
        '2:80 expected a whole number from 100 to 1000000, but found 5',
      ],
    ],
    [
      'of HTTP/2 have no switch for what every plain listener takes',
      [LISTEN, 'http2: { plain: true }'],
      ['2:10 unknown key "plain" (known here: maxStreams, streamWindow, connectionWindow, glitches)'],
    ],
    [
      'of a stream fit into those of its connection',
      [LISTEN, 'http2: { streamWindow: 4MiB }'],
      ['2:24 a stream window of 4194304 bytes does not fit into a connection window of 2097152 bytes'],
    ],
    [
      'of a connection take in those of a stream',
      [LISTEN, 'http2: { connectionWindow: 128KiB }'],
      ['2:28 a stream window of 262144 bytes does not fit into a connection window of 131072 bytes'],
    ],
  ]);

  it('may leave any number of ports to the system', () => {
    assert.deepEqual(problemsOf('listen: [{ address: ":0" }, { address: ":0" }]'), []);
  });
});

describe('tenants', () => {
  const OK = 'routes: [{ respond: { status: 200 } }]';
  check([
    [
      'own their hosts alone, whatever the spelling',
      [
        LISTEN,
        'tenants:',
        `  a: { hosts: [shop.example.org], ${OK} }`,
        `  b: { hosts: [x.example.org, Shop.example.org.], ${OK} }`,
      ],
      ['4:31 the host "shop.example.org" belongs to tenant "a" already'],
    ],
    [
      'list a host once',
      [LISTEN, 'tenants:', `  a: { hosts: [a.example.org, a.example.org], ${OK} }`],
      ['3:31 the host "a.example.org" is listed twice'],
    ],
    [
      'need a host and a route',
      [LISTEN, 'tenants:', '  a: { hosts: [], routes: [] }'],
      [
        '3:15 the list is empty: at least one entry is needed',
        '3:27 the list is empty: at least one entry is needed',
      ],
    ],
    [
      'have names that need no quoting',
      [LISTEN, 'tenants:', `  "a b": { hosts: [a], ${OK} }`],
      [
        '3:3 "a b" cannot be a name (letters, digits, ".", "_" and "-", beginning with a letter or digit, at most 100)',
      ],
    ],
    [
      'that are the default must be there',
      [LISTEN, 'tenants:', `  shop: { hosts: [a], ${OK} }`, 'defaultTenant: shp'],
      ['4:16 there is no tenant "shp" (did you mean "shop"?)'],
    ],
    [
      'choose among the protocols there are',
      [LISTEN, 'tenants:', `  a: { hosts: [a], ${OK}, tls: { protocols: [http2, spdy] } }`],
      [
        '3:79 expected h2, http/1.1 or stream, but found "http2"',
        '3:86 expected h2, http/1.1 or stream, but found "spdy"',
      ],
    ],
    [
      'leave some TLS version possible',
      [LISTEN, 'tenants:', `  a: { hosts: [a], ${OK}, tls: { minVersion: "1.3", maxVersion: "1.2" } }`],
      ['3:98 maxVersion is below minVersion: no client could connect'],
    ],
  ]);
});

const NINE = [...'abcdefghi'];

describe('routes', () => {
  const routes = (...lines: string[]) => [
    LISTEN,
    'clusters: { api: { instances: [{ address: "a:1" }] } }',
    'tenants:',
    '  shop:',
    '    hosts: ["*.example.org"]',
    '    routes:',
    ...lines.map((line) => `      - ${line}`),
  ];
  check([
    [
      'lead to a cluster that is there',
      routes('{ cluster: ap }'),
      ['7:20 there is no cluster "ap" (did you mean "api"?)'],
    ],
    [
      'lead somewhere',
      routes('{ path: /a }'),
      ['7:9 the route leads nowhere (give it one of cluster, split, redirect, respond)'],
    ],
    [
      'lead to one place',
      routes('{ cluster: api, redirect: { to: /x } }'),
      ['7:25 the route has cluster and redirect: only one is possible'],
    ],
    [
      'split among clusters that are there, each once, and not all switched off',
      routes(
        '{ path: /a, split: [{ cluster: ap, weight: 1 }, { cluster: api, weight: 0 }, { cluster: api, weight: 2 }] }',
        '{ path: /b, split: [{ cluster: api, weight: 0 }] }',
        '{ path: /c, cluster: api, splitOn: { cookie: uid } }',
        '{ path: /d, cluster: api, split: [{ cluster: api, weight: 1 }] }',
        '{ path: /e, split: [], splitOn: cookie }',
        '{ path: /f, split: [{ cluster: api }, { cluster: web, weight: 1001, share: 1 }] }',
      ),
      [
        '7:40 there is no cluster "ap" (did you mean "api"?)',
        '7:97 the cluster "api" is listed twice (add up the weights)',
        '8:28 every weight is 0: no cluster would answer (give at least one a weight)',
        '9:35 "splitOn" is for routes with "split" (add split: [{ cluster: …, weight: … }], or take splitOn out)',
        '10:35 the route has cluster and split: only one is possible',
        '11:28 the list is empty: at least one entry is needed',
        '11:41 expected address, uri, header:NAME, cookie:NAME or query:NAME, but found "cookie"',
        '12:29 "weight" is missing',
        '12:58 there is no cluster "web"',
        '12:71 expected a whole number from 0 to 1000, but found 1001',
        '12:77 unknown key "share" (known here: cluster, weight)',
      ],
    ],
    [
      'split among eight clusters at most',
      [
        LISTEN,
        `clusters: { ${NINE.map((name) => `${name}: { instances: [{ address: "a:1" }] }`).join(', ')} }`,
        'tenants:',
        '  shop:',
        '    hosts: [a]',
        `    routes: [{ split: [${NINE.map((name) => `{ cluster: ${name}, weight: 1 }`).join(', ')}] }]`,
      ],
      ['6:23 the list has more than 8 entries'],
    ],
    [
      'are copied to another cluster that is there, and only where they lead to one',
      routes(
        '{ path: /a, cluster: api, mirror: { cluster: apy } }',
        '{ path: /b, cluster: api, mirror: { cluster: api } }',
        '{ path: /c, redirect: { to: /x }, mirror: { cluster: api } }',
        '{ path: /d, cluster: api, mirror: { percent: 10 } }',
        '{ path: /e, split: [{ cluster: api, weight: 1 }], mirror: { cluster: api } }',
      ),
      [
        '7:54 there is no cluster "apy" (did you mean "api"?)',
        '8:54 the route leads to "api" already: it would get requests twice (name another cluster)',
        '9:43 "mirror" is for routes that lead to a cluster (requests that redirect answers go to no backend: take mirror out)',
        '10:35 "cluster" is missing',
        '11:78 the route leads to "api" already: it would get requests twice (name another cluster)',
      ],
    ],
    [
      'are copied in a share from 0 to 100, with bodies up to 8 MiB',
      routes(
        '{ path: /a, cluster: api, mirror: { cluster: b, percent: 10% } }',
        '{ path: /b, cluster: api, mirror: { cluster: b, percent: 101 } }',
        '{ path: /c, cluster: api, mirror: { cluster: b, maxBody: 9MiB } }',
      ).map((line) => line.replace('clusters: { ', 'clusters: { b: { instances: [{ address: "b:1" }] }, ')),
      [
        '7:66 expected a number from 0 to 100, but found "10%" (write 10 without the sign)',
        '8:66 expected a number from 0 to 100, but found 101',
        '9:66 a size of 9MiB is too large: at most 8388608 bytes',
      ],
    ],
    [
      "have one of the tenant's hosts",
      routes('{ host: a.example.com, cluster: api }', '{ host: b.a.example.org, cluster: api }'),
      ['7:17 "a.example.com" is not one of the tenant\'s hosts (add it to the tenant\'s hosts)'],
    ],
    [
      'differ in host or path',
      routes(
        '{ path: /a/*, cluster: api }',
        '{ path: /a, cluster: api }',
        '{ path: /a/*, host: A.example.org, cluster: api }',
        '{ path: "/a/*", redirect: { to: / } }',
        '{ cluster: api }',
        '{ cluster: api }',
      ),
      [
        '10:9 the same host and path as route 1 of this tenant: it would never be chosen',
        '12:9 the same host and path as route 5 of this tenant: it would never be chosen',
      ],
    ],
    [
      'have paths that can match',
      routes('{ path: api, cluster: api }'),
      [
        '7:17 expected a path such as /cart (exactly this) or /api/* (this and everything below), but found "api" (begin with a slash: /api)',
      ],
    ],
    [
      'redirect to where a browser can go',
      routes('{ redirect: { to: "javascript:x" } }'),
      ['7:27 expected an http or https URL, or a path such as /new, but found "javascript:x"'],
    ],
    [
      'answer with headers that do not frame the message, each once',
      routes('{ respond: { status: 200, headers: { content-length: "1", X-A: a, x-a: b, "b c": d } } }'),
      [
        '7:46 "content-length" is set by Portico itself',
        '7:75 the header "x-a" is given twice',
        '7:83 "b c" is not a header name',
      ],
    ],
    [
      'answer with a body only where there can be one',
      routes('{ respond: { status: 204, body: x } }'),
      ['7:41 a 204 answer has no body (leave body out)'],
    ],
  ]);
});

describe('clusters', () => {
  check([
    [
      'have breakers and retries that make sense',
      [
        LISTEN,
        'clusters:',
        '  web:',
        '    instances: [{ address: "127.0.0.1:1" }]',
        '    retry: { on: [connection-lost, 503, 404, timeot], budget: 120% }',
        '    breaker: { failures: half, requests: 0, fallback: web }',
        '  api: { instances: [{ address: "127.0.0.1:1" }], breaker: { fallback: wbe } }',
      ],
      [
        '5:41 expected connect-failure, connection-lost or timeout, or a status from 500 to 599, but found 404',
        '5:46 expected connect-failure, connection-lost or timeout, or a status from 500 to 599, but found "timeot" (did you mean "timeout"?)',
        '5:63 expected a share from 0% to 100%, but found "120%"',
        '6:26 expected a share from 0% to 100%, but found "half"',
        '6:42 expected a whole number from 1 to 1000000, but found 0',
        '6:55 a cluster cannot stand in for itself',
        '7:72 there is no cluster "wbe" (did you mean "web"?)',
      ],
    ],
    [
      'keep clients by cookies that there can be',
      [
        LISTEN,
        'clusters:',
        '  a: { sticky: { cookie: "a b" }, instances: [{ address: "127.0.0.1:1" }] }',
        '  b: { sticky: { cookie: srv, maxAge: 500ms, secret: short }, instances: [{ address: "127.0.0.1:1" }] }',
        '  c: { sticky: { maxage: 1h }, instances: [{ address: "127.0.0.1:1" }] }',
        '  d: { sticky: { cookie: srv, secret: 7 }, instances: [{ address: "127.0.0.1:1" }] }',
      ],
      [
        '3:26 expected the name of a cookie, but found "a b" (letters, digits, "-" and "_")',
        '4:39 a duration of 500ms is too short: at least 1000ms',
        '4:54 the secret is too short: at least 16 characters (make one: openssl rand -base64 24)',
        '5:8 "cookie" is missing',
        '5:18 unknown key "maxage" (did you mean "maxAge"?)',
        '6:39 expected a secret in quotes, but found 7',
      ],
    ],
    [
      'have instances or sub-clusters, of which one serves at least',
      [
        LISTEN,
        'clusters:',
        '  both:',
        '    instances: [{ address: "127.0.0.1:1" }]',
        '    subClusters: { east: { instances: [{ address: "127.0.0.1:2" }] } }',
        '  shed: { subClusters: { hole: { blackhole: true } } }',
        '  idle: { subClusters: { east: { weight: 0, instances: [{ address: "127.0.0.1:2" }] } } }',
        '  api:',
        '    hashOn: uri',
        '    subClusters:',
        '      east: { instances: [{ address: "127.0.0.1:2" }] }',
        '      west: { instances: [{ address: "127.0.0.1:2" }] }',
        '      hole: { blackhole: true, instances: [{ address: "127.0.0.1:3" }] }',
        '      bare: { weight: 2 }',
        '      "a b": { weight: 1001, blackhole: true }',
      ],
      [
        '5:5 a cluster has "instances" or "subClusters", not both (put each instance into a sub-cluster)',
        '6:24 no sub-cluster has instances: every request would be refused',
        '7:24 every sub-cluster has weight 0: none would get a request (give at least one a weight)',
        '9:5 "hashOn" is for ring-hash and maglev (add balance: maglev, or take hashOn out)',
        '12:38 the instance "127.0.0.1:2" is listed twice (for a larger share, give it a weight)',
        '13:32 a blackhole has no instances (take them out, or "blackhole")',
        '14:7 "instances" is missing (or write blackhole: true)',
        '15:7 "a b" cannot be a name (letters, digits, ".", "_" and "-", beginning with a letter or digit, at most 100)',
        '15:24 expected a whole number from 0 to 1000, but found 1001',
      ],
    ],
    [
      'need instances that can be reached, each once, with some weight',
      [
        LISTEN,
        'clusters:',
        '  none: { instances: [] }',
        '  web:',
        '    instances:',
        '      - { address: "127.0.0.1:1", weight: 0 }',
        '      - { address: "127.0.0.1:1" }',
        '      - { address: ":9001" }',
        '  bare: {}',
      ],
      [
        '3:22 the list is empty: at least one entry is needed',
        '6:43 expected a whole number from 1 to 1000, but found 0',
        '7:20 the instance "127.0.0.1:1" is listed twice (for a larger share, give it a weight)',
        '8:20 expected an address such as "127.0.0.1:9001", "[::1]:9001" or "backend.example.org:9001", but found ":9001" (name the host: "127.0.0.1:9001")',
        '9:3 "instances" is missing',
      ],
    ],
    [
      'are probed by what they speak, and say of a probe only what it looks at',
      [
        LISTEN,
        'clusters:',
        '  a: { instances: [{ address: "a:1" }], health: { probe: http } }',
        '  b: { instances: [{ address: "a:1" }], health: { probe: grpc } }',
        '  c: { instances: [{ address: "a:1" }], health: { probe: tcp, path: /, status: [200], host: x, service: s } }',
        '  d: { instances: [{ address: "a:1" }], protocol: https, health: { probe: tls, host: x } }',
        '  e: { instances: [{ address: "a:1" }], health: { path: /, status: [2xx, 99, 6xx] } }',
        '  f: { instances: [{ address: "a:1" }], health: { host: x, probe: tpc } }',
      ],
      [
        '3:58 a probe by http needs a path (add path: /healthz)',
        '4:58 gRPC needs HTTP/2 (write protocol: h2c or h2)',
        '5:63 "path" is for probes by http (write probe: http, or take it out)',
        '5:72 "status" is for probes by http (write probe: http, or take it out)',
        '5:87 "host" is for probes by http, grpc, tls (take it out)',
        '5:96 "service" is for probes by grpc (write probe: grpc, or take it out)',
        '6:80 the cluster says itself whom to ask for (write it as tls.serverName)',
        '7:74 expected a status from 100 to 599 or a class such as 2xx, but found 99',
        '7:78 expected a status from 100 to 599 or a class such as 2xx, but found "6xx"',
        '8:67 expected http, tcp, tls or grpc, but found "tpc" (did you mean "tcp"?)',
      ],
    ],
    [
      'count failures in a window where they judge by their rate',
      [
        LISTEN,
        'clusters:',
        '  a: { instances: [{ address: "a:1" }], health: { requests: 5, window: 1s, panic: half } }',
      ],
      [
        '3:51 "requests" is for failRate (add failRate: 50%)',
        '3:64 "window" is for failRate (add failRate: 50%)',
        '3:83 expected a share from 0% to 100%, but found "half"',
      ],
    ],
    [
      'start slowly only where weights decide',
      [
        LISTEN,
        'clusters:',
        '  a: { instances: [{ address: "a:1" }], balance: maglev, slowStart: 30s }',
        '  b: { instances: [{ address: "a:1" }], slowStart: 30 }',
      ],
      [
        '3:58 "slowStart" is not for maglev, where keys decide (take it out)',
        '4:52 expected a duration such as 500ms, 2s, 1m or 1h, but found 30 (give it a unit: 30s or 30ms)',
      ],
    ],
    [
      'hedge after a time that they name',
      [
        LISTEN,
        'clusters:',
        '  a: { instances: [{ address: "a:1" }], hedge: { max: 1 } }',
        '  b: { instances: [{ address: "a:1" }], hedge: { after: 1s, max: 4 } }',
      ],
      ['3:41 "after" is missing', '4:66 expected a whole number from 1 to 3, but found 4'],
    ],
    [
      'hedge only where clients belong to nobody',
      [
        LISTEN,
        'clusters:',
        '  a: { instances: [{ address: "a:1" }], sticky: { cookie: at }, hedge: { after: 1s } }',
      ],
      ['3:65 "hedge" is not for clusters with "sticky" (take one of them out)'],
    ],
    [
      'let requests wait only where there is a bound',
      [
        LISTEN,
        'clusters:',
        '  a: { instances: [{ address: "a:1" }], queue: { max: 5 } }',
        '  b: { instances: [{ address: "a:1" }], maxRequests: 5, queue: { max: 0, timeout: 1 } }',
      ],
      [
        '3:41 "queue" is for maxRequests (add maxRequests: 100, or take queue out)',
        '4:71 expected a whole number from 1 to 100000, but found 0',
        '4:83 expected a duration such as 500ms, 2s, 1m or 1h, but found 1 (give it a unit: 1s or 1ms)',
      ],
    ],
    [
      'have probes and retries that make sense',
      [
        LISTEN,
        'clusters:',
        '  web:',
        '    instances: [{ address: "a:1" }]',
        '    health: { path: healthz, fail: 0 }',
        '    retry: { attempts: 0, on: [response-timeout] }',
      ],
      [
        '5:21 expected a path such as /healthz, but found "healthz"',
        '5:36 expected a whole number from 1 to 1000, but found 0',
        '6:24 expected a whole number from 1 to 10, but found 0',
        '6:32 expected connect-failure, connection-lost or timeout, or a status from 500 to 599, but found "response-timeout"',
      ],
    ],
  ]);
});

describe('pipelining', () => {
  check(
    (
      [
        ['1', '4:17 expected a number of requests from 2 to 64 or { depth: …, maxWait: … }, but found 1'],
        ['65', '4:17 expected a number of requests from 2 to 64 or { depth: …, maxWait: … }, but found 65'],
        [
          'lots',
          '4:17 expected a number of requests from 2 to 64 or { depth: …, maxWait: … }, but found "lots"',
        ],
        ['{ maxWait: 1s }', '4:5 "depth" is missing'],
        ['{ depth: 8, maxwait: 1s }', '4:29 unknown key "maxwait" (did you mean "maxWait"?)'],
      ] as const
    ).map(([value, problem]) => [
      `is not ${value}`,
      [LISTEN, 'clusters:', '  web:', `    pipelining: ${value}`, '    instances: [{ address: "a:1" }]'],
      [problem],
    ]),
  );
});

describe('pipelining of HTTP/2', () => {
  check([
    [
      'is refused',
      [LISTEN, 'clusters:', '  web: { protocol: h2c, pipelining: 8, instances: [{ address: "a:1" }] }'],
      ['3:25 "pipelining" is for HTTP/1.1 (h2c carries many requests at a time anyway)'],
    ],
  ]);
});

describe('streams', () => {
  const CLUSTERS = [
    'clusters:',
    '  feed: { instances: [{ address: "a:1" }] }',
    '  safe: { protocol: https, instances: [{ address: "a:1" }] }',
  ];
  const tenant = (...lines: string[]) => [
    LISTEN,
    ...CLUSTERS,
    'tenants:',
    '  feed:',
    '    hosts: [feed.example.org]',
    ...lines,
  ];
  check([
    [
      'lead to clusters that there are, wherever they are written',
      [
        'listen: [{ address: ":1", stream: fed }, { address: ":2", stream: { cluster: fed } }]',
        ...CLUSTERS,
        'tenants:',
        '  a: { hosts: [a], tls: { protocols: [stream] }, stream: fed }',
        '  b: { hosts: [b], tls: { passthrough: fed } }',
      ],
      [
        '1:35 there is no cluster "fed" (did you mean "feed"?)',
        '1:78 there is no cluster "fed" (did you mean "feed"?)',
        '6:58 there is no cluster "fed" (did you mean "feed"?)',
        '7:40 there is no cluster "fed" (did you mean "feed"?)',
      ],
    ],
    [
      'have a form',
      tenant('    tls: { protocols: [stream] }', '    stream: { cluster: feed, proxyProtocol: v3, port: 1 }'),
      [
        '9:45 expected v1 or v2, but found "v3" (did you mean "v1"?)',
        '9:49 unknown key "port" (known here: cluster, proxyProtocol)',
      ],
    ],
    [
      'have another form',
      tenant('    tls: { protocols: [stream] }', '    stream: [feed]'),
      [`9:13 expected a cluster's name or { cluster: …, proxyProtocol: … }, but found a list`],
    ],
    [
      'of a listener are not with TLS, which belongs to hosts',
      ['listen: [{ address: ":1", tls: true, stream: feed }]', 'certificates: []', ...CLUSTERS],
      [
        '1:32 TLS needs a certificate, and there is none (add an entry with cert and key to certificates)',
        '1:38 "stream" relays plain connections: not together with "tls" (for streams behind TLS give a tenant tls: { protocols: [stream] } and a stream)',
      ],
    ],
    [
      'lead somewhere',
      tenant('    tls: { protocols: [stream] }'),
      ['8:23 the protocol "stream" leads nowhere (say where to, beside tls: stream: { cluster: … })'],
    ],
    [
      'are asked for by a protocol',
      tenant('    stream: feed', '    routes: [{ cluster: feed }]'),
      [
        '8:5 no client could choose "stream": it is not among the protocols of this tenant (write tls: { protocols: [stream] })',
      ],
    ],
    [
      'need no routes, but HTTP beside them does',
      tenant('    tls: { protocols: [stream, h2] }', '    stream: feed'),
      ['6:3 "routes" is missing'],
    ],
    [
      'send no PROXY header before a TLS handshake of ours',
      tenant('    tls: { protocols: [stream] }', '    stream: { cluster: safe, proxyProtocol: v1 }'),
      [
        '9:30 a PROXY header cannot be sent to instances that are spoken to by https (use a cluster of protocol http)',
      ],
    ],
    [
      'that are not terminated leave nothing else to say',
      tenant(
        '    tls: { passthrough: feed, minVersion: "1.3" }',
        '    stream: feed',
        '    routes: [{ cluster: feed }]',
      ),
      [
        '8:31 "minVersion" has no effect beside "passthrough": the instances settle TLS themselves (leave it out)',
        '9:5 "stream" has no effect beside "passthrough": what is relayed is not read (leave it out, or give those hosts to another tenant)',
        '10:5 "routes" has no effect beside "passthrough": what is relayed is not read (leave it out, or give those hosts to another tenant)',
      ],
    ],
  ]);

  it('need no certificate where no TLS is terminated', () => {
    const yaml = [
      'listen: [{ address: ":1", tls: true }]',
      ...CLUSTERS,
      'tenants: { a: { hosts: [a], tls: { passthrough: { cluster: safe, proxyProtocol: v2 } } } }',
    ];

    const { tenants, certificates } = settingsOf(yaml.join('\n'));
    assert.deepEqual(certificates, []);
    assert.deepEqual(tenants[0]?.tls.passthrough, { cluster: 'safe', proxyProtocol: 'v2' });
    assert.deepEqual(tenants[0]?.routes, []);
  });
});

describe('what a later version brings', () => {
  const later = (name: string) => `${JSON.stringify(name)} is not yet available in this version`;
  check([
    [
      'is refused by name at its place, and nothing is missed beside it',
      [
        'listen:',
        '  - { address: ":9443" }',
        'tenants:',
        '  feed:',
        '    hosts: ["feed.example.org"]',
        '    tls: {}',
        '    routes: [{ cluster: beta }]',
        '  shop:',
        '    hosts: ["shop.example.org"]',
        '    routes:',
        '      - { cluster: beta }',
        'clusters:',
        '  beta:',
        '    protocol: fastcgi',
      ],
      ['13:3 "instances" is missing', `14:15 ${later('fastcgi')} (write http, https, h2c or h2 for now)`],
    ],
  ]);
});

describe('text that is not YAML', () => {
  check([
    [
      'but YAML 1.1 with a merge key says what there is instead',
      ['listen: [{ address: ":80" }]', 'log: &log { level: info }', 'timeouts:', '  <<: *log'],
      ['4:3 unknown key "<<" (YAML 1.2 has no merge keys: an alias stands for the whole value)'],
    ],
    [
      'with tabs says so',
      ['listen:', '\t- address: ":1"'],
      ['2:1 tabs are not allowed as indentation (indent with spaces)'],
    ],
    [
      'is complained about together with what stands before it, without guesses about the rest',
      ['workers: 0', 'defaultTenant: shop', 'listen: [{ address: ":80" }', 'drain: x'],
      [
        '1:10 expected a whole number from 1 to 1024, but found 0',
        '4:1 flow sequence in block collection must be sufficiently indented and end with a ]',
      ],
    ],
    [
      'with aliases that grow without bound is refused',
      [
        'a: &a [x, x, x, x, x, x, x, x, x, x]',
        'b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]',
        'c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]',
        'd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]',
      ],
      ['4:44 excessive alias count indicates a resource exhaustion attack'],
    ],
    [
      'with aliases of nothing is refused',
      [LISTEN, 'tenants: *none'],
      ['2:10 unresolved alias (the anchor must be set before the alias): none'],
    ],
    [
      'with unknown tags is refused',
      [LISTEN, 'drain: !!js/function "x"'],
      [
        '2:8 unresolved tag: tag:yaml.org,2002:js/function',
        '2:22 expected a duration such as 500ms, 2s, 1m or 1h, but found "x"',
      ],
    ],
    [
      'in several documents is refused',
      [LISTEN, '---', LISTEN],
      [
        '2:1 a second document begins here, and a file is one document (take the line out, or include the rest as a file of its own)',
      ],
    ],
  ]);
});

it('problems within a repeated (aliased) part are found where it was written', () => {
  const text = [LISTEN, 'clusters:', '  a: &a', '    instances: [{ address: "a:0" }]', '  b: *a'].join('\n');

  assert.deepEqual(problemsOf(text), [
    '4:28 port 0 cannot be connected to',
    '4:28 port 0 cannot be connected to',
  ]);
});

it('positions are right in files with carriage returns, comments and non-ASCII text', () => {
  const text = '# größe\r\nlisten:\r\n  - address: ":8080" # ä\r\n    tsl: true\r\n';

  assert.deepEqual(problemsOf(text), ['4:5 unknown key "tsl" (did you mean "tls"?)']);
});
