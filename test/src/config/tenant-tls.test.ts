import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { InspectedTenantTls, InspectTenantTls } from '../../../src/config/check-tenant-tls.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { filesFrom, goodSettings, shortProblems } from '../../support/configuration.ts';

/** Loads a tenant with this `tls`, which stands at line 5, column 10. */
function load(tls: string, inspectTenantTls?: InspectTenantTls) {
  const yaml = `listen: [{ address: ":8080" }]
tenants:
  a:
    hosts: [a.example]
    tls: ${tls}
    routes: [{ respond: { status: 200 } }]
`;
  const readFile = filesFrom({
    '/etc/conf/main.yaml': yaml,
    '/etc/conf/pem/ca.pem': 'authority',
    '/etc/conf/pem/one.crl': 'first list',
    '/lists/two.crl': 'second list',
  });
  return loadConfig('/etc/conf/main.yaml', { readFile, inspectTenantTls });
}

function tlsOf(tls: string) {
  return goodSettings(load(tls)).tenants[0]!.tls;
}

/** As `line:column message (hint)`. */
function problems(tls: string, inspect?: InspectTenantTls): string[] {
  return shortProblems(load(tls, inspect)).map((problem) => problem.replace(/^[^ ]*main\.yaml:/, ''));
}

function warnings(tls: string): string[] {
  const result = load(tls);
  assert(result.ok);
  return result.warnings.map(
    ({ line, column, message, hint }) => `${line}:${column} ${message} (${hint ?? ''})`,
  );
}

describe('protocols of a tenant', () => {
  it('are names, or mappings with a rate', () => {
    assert.deepEqual(tlsOf('{ protocols: [{ name: h2, rate: 10 }, http/1.1] }'), {
      protocols: ['h2', 'http/1.1'],
      rates: { h2: 10 },
      minVersion: '1.2',
      maxVersion: '1.3',
    });
    assert.equal(
      tlsOf('{ protocols: [{ name: h2, rate: 100, level: must-offer }, http/1.1] }').rates,
      undefined,
    );
    assert.deepEqual(tlsOf('{ protocols: [{ name: h2, level: mandatory }] }').protocols, ['h2']);
  });

  it('have each its place once, the mandatory one alone', () => {
    assert.deepEqual(problems('{ protocols: [h2, http/1.1, { name: h2 }] }'), ['5:38 "h2" is listed twice']);
    assert.deepEqual(problems('{ protocols: [{ name: h2, level: mandatory }, http/1.1] }'), [
      '5:43 a mandatory protocol is the only one, and this list has others (leave the others out, or write level: must-offer)',
    ]);
  });

  it('are sampled only where clients that fall out have another, and nothing else was promised', () => {
    for (const level of ['must-offer', 'mandatory'])
      assert.match(
        problems(`{ protocols: [{ name: h2, level: ${level}, rate: 99 }] }`).join(),
        new RegExp(`a protocol that is ${level} cannot be offered to some clients only`),
      );
    assert.match(
      problems('{ protocols: [h2, { name: http/1.1, rate: 0 }] }').join(),
      /^5:52 http\/1.1 is offered to every/,
    );
    assert.match(
      problems('{ protocols: [{ name: h2, rate: 50 }] }').join(),
      /^5:42 .*have no protocol left \(add http/,
    );
  });

  it('complain of what is inside a mapping at its place', () => {
    assert.deepEqual(problems('{ protocols: [{ name: h2, rate: 101, level: 1, mcs: 200 }] }'), [
      '5:42 expected a whole number from 0 to 100, but found 101',
      '5:54 expected optional, must-offer or mandatory, but found 1',
      '5:57 unknown key "mcs" (known here: name, level, rate)',
    ]);
    assert.deepEqual(problems('{ protocols: [http2] }'), [
      '5:24 expected h2, http/1.1 or stream, but found "http2"',
    ]);
  });
});

describe('TLS profiles', () => {
  it('bring their oldest version with them', () => {
    assert.deepEqual(
      ['modern', 'intermediate', 'old'].map((profile) => tlsOf(`{ profile: ${profile} }`)),
      [
        { protocols: ['h2', 'http/1.1'], minVersion: '1.3', maxVersion: '1.3', profile: 'modern' },
        { protocols: ['h2', 'http/1.1'], minVersion: '1.2', maxVersion: '1.3' },
        { protocols: ['h2', 'http/1.1'], minVersion: '1.0', maxVersion: '1.3', profile: 'old' },
      ],
    );
    assert.equal(tlsOf('{ profile: old, minVersion: 1.1 }').minVersion, '1.1');
    assert.equal(tlsOf('{ profile: old, minVersion: 1.0 }').minVersion, '1.0');
  });

  it('are what grades of BFE are taken for, with a warning', () => {
    for (const [grade, profile, version] of [
      ['A+', 'modern', '1.3'],
      ['A', undefined, '1.2'],
      ['B', 'old', '1.0'],
      ['C', 'old', '1.0'],
    ] as const) {
      const tls = tlsOf(`{ profile: ${grade} }`);
      assert.equal(tls.profile, profile, grade);
      assert.equal(tls.minVersion, version, grade);
      const name = profile ?? 'intermediate';
      assert.deepEqual(warnings(`{ profile: ${grade} }`), [
        `5:21 grade ${grade} of BFE is taken as the profile ${name}: TLS ${version} and newer (write profile: ${name})`,
      ]);
    }
  });

  it('speak no version below their own', () => {
    for (const [tls, problem] of [
      [
        '{ minVersion: "1.0" }',
        '5:24 TLS 1.0 is not offered: RFC 8996 forbids it (write "1.2", or profile: old)',
      ],
      [
        '{ maxVersion: 1.1 }',
        '5:24 TLS 1.1 is not offered: RFC 8996 forbids it (write "1.2", or profile: old)',
      ],
      [
        '{ profile: modern, minVersion: "1.2" }',
        '5:41 TLS 1.2 is not offered by the profile modern (write "1.3", or profile: intermediate)',
      ],
      [
        '{ profile: A+, maxVersion: "1.2" }',
        '5:37 TLS 1.2 is not offered by the profile modern (write "1.3", or profile: intermediate)',
      ],
      [
        '{ profile: old, minVersion: "1.2", maxVersion: "1.1" }',
        '5:57 maxVersion is below minVersion: no client could connect',
      ],
    ] as const)
      assert.deepEqual(problems(tls), [problem]);
  });

  it('refuse by name what is broken, and guess what was meant', () => {
    for (const [tls, problem] of [
      ['{ profile: SSLv3 }', /^5:21 SSL 3.0 is not offered: RFC 7568 forbids it/],
      ['{ minVersion: SSLv3 }', /^5:24 SSL 3.0 is not offered: .*profile: old/],
      ['{ minVersion: sslv2 }', /^5:24 SSL 2.0 is not offered: RFC 6176/],
      ['{ profile: RC4 }', /^5:21 RC4 is not offered: RFC 7465/],
      ['{ profile: moderm }', /^5:21 expected modern, intermediate or old, .*did you mean "modern"/],
      ['{ profile: 3 }', /^5:21 expected modern, intermediate or old, but found 3/],
      ['{ minVersion: "1.4" }', /^5:24 expected "1.2" or "1.3", but found "1.4"/],
      ['{ minVersion: [1.2] }', /^5:24 expected "1.2" or "1.3", but found a list/],
      ['{ profile: constructor }', /^5:21 expected modern/],
    ] as const)
      assert.match(problems(tls).join('\n'), problem);
  });
});

describe('curves of a tenant', () => {
  it('are named as OpenSSL does', () => {
    assert.deepEqual(tlsOf('{ curves: [P-384, X25519] }').curves, ['P-384', 'X25519']);
    assert.deepEqual(problems('{ curves: [prime256v1, X25518, []] }'), [
      '5:21 expected X25519MLKEM768, SecP256r1MLKEM768, SecP384r1MLKEM1024, X25519, X448, P-256, P-384 or P-521, but found "prime256v1" (write P-256)',
      '5:33 expected X25519MLKEM768, SecP256r1MLKEM768, SecP384r1MLKEM1024, X25519, X448, P-256, P-384 or P-521, but found "X25518" (did you mean "X25519"?)',
      '5:41 expected X25519MLKEM768, SecP256r1MLKEM768, SecP384r1MLKEM1024, X25519, X448, P-256, P-384 or P-521, but found a list',
    ]);
    assert.match(problems('{ curves: [] }').join(), /the list is empty/);
  });

  it('are looked at by who knows OpenSSL', () => {
    const inspect: InspectTenantTls = () => [
      { field: 'curves', index: 1, message: 'is new', severity: 'error' },
    ];

    assert.deepEqual(problems('{ curves: [P-256, X448] }', inspect), ['5:28 is new']);
  });
});

describe('certificates of clients', () => {
  it('come with what is in the files, which are relative to the configuration', () => {
    const { tls } = goodSettings(
      load('{ clientAuth: { ca: pem/ca.pem, crl: [pem/one.crl, /lists/two.crl], headers: true } }'),
    ).tenants[0]!;

    assert.deepEqual(tls.clientAuth, {
      mode: 'require',
      ca: 'authority',
      crls: ['first list', 'second list'],
      headers: true,
    });
    assert.deepEqual(
      tlsOf('{ clientAuth: { mode: request, ca: pem/ca.pem, crl: pem/one.crl } }').clientAuth,
      {
        mode: 'request',
        ca: 'authority',
        crls: ['first list'],
        headers: false,
      },
    );
  });

  it('are watched, because they are told by name', () => {
    const result = load('{ clientAuth: { ca: pem/ca.pem, crl: [/lists/two.crl] } }');

    assert(result.ok);
    assert.deepEqual(
      result.named.map(({ file }) => file),
      ['/etc/conf/pem/ca.pem', '/lists/two.crl'],
    );
  });

  it('complain of missing files and of wrong values at their places', () => {
    assert.deepEqual(problems('{ clientAuth: {} }'), ['5:12 "ca" is missing']);
    assert.match(problems('{ clientAuth: { ca: none.pem } }').join(), /^5:30 cannot read "none.pem"/);
    assert.match(
      problems('{ clientAuth: { ca: pem/ca.pem, crl: none.crl } }').join(),
      /^5:47 cannot read "none.crl"/,
    );
    assert.match(
      problems('{ clientAuth: { ca: pem/ca.pem, crl: [pem/one.crl, none.crl] } }').join(),
      /^5:61 cannot read "none.crl"/,
    );
    assert.match(
      problems('{ clientAuth: { ca: pem/ca.pem, mode: maybe } }').join(),
      /^5:48 expected require or request/,
    );
    assert.match(problems('{ clientAuth: true }').join(), /^5:24 expected a mapping/);
  });

  it('have their files looked into', () => {
    const seen: InspectedTenantTls[] = [];
    const inspect: InspectTenantTls = (tls) => {
      seen.push(tls);
      return [
        { field: 'ca', message: 'is odd', severity: 'error' },
        { field: 'crl', index: 1, message: 'is old', severity: 'error' },
      ];
    };

    assert.deepEqual(
      problems('{ clientAuth: { ca: pem/ca.pem, crl: [pem/one.crl, /lists/two.crl] } }', inspect),
      ['5:30 is odd', '5:61 is old'],
    );
    assert.deepEqual(seen, [{ ca: 'authority', crls: ['first list', 'second list'], curves: [] }]);
    assert.deepEqual(problems('{ clientAuth: { ca: pem/ca.pem, crl: /lists/two.crl } }', inspect), [
      '5:30 is odd',
      '5:47 is old',
    ]);
  });
});
