import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type LoadResult, loadConfig } from '../../../src/config/load.ts';
import { filesFrom, goodSettings, shortProblems } from '../../support/configuration.ts';

const ROOT = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

function load(...certificates: string[]) {
  const text = [
    'listen: [{ address: ":80" }, { address: ":443", tls: true }]',
    'certificates:',
    ...certificates,
  ].join('\n');
  return loadWhole(text);
}

/** Without the name of the file. */
function problemsOf(result: LoadResult): string[] {
  return shortProblems(result).map((text) => text.replace('/etc/conf/main.yaml:', ''));
}

function loadWhole(text: string) {
  const files = {
    '/etc/conf/main.yaml': text,
    '/etc/conf/root.pem': ROOT,
    '/etc/conf/a.pem': 'c',
    '/etc/conf/a.key': 'k',
  };
  return loadConfig('/etc/conf/main.yaml', { readFile: filesFrom(files) });
}

describe('acme', () => {
  it('has documented defaults, and a storage relative to its file', () => {
    const { acme, certificates } = goodSettings(
      load('  - { hosts: [Shop.example.org], acme: { terms: agreed, storage: acme } }'),
    );

    assert.deepEqual(certificates, []);
    assert.deepEqual(acme, [
      {
        hosts: ['shop.example.org'],
        vips: [],
        isDefault: false,
        directory: 'https://acme-v02.api.letsencrypt.org/directory',
        email: undefined,
        challenge: 'http-01',
        ca: undefined,
        storage: '/etc/conf/acme',
        renewBeforeMs: undefined,
        keyType: 'ec',
      },
    ]);
  });

  it('takes every key', () => {
    const { acme } = goodSettings(
      load(
        '  - { cert: a.pem, key: a.key, hosts: [a.example.org] }',
        '  - hosts: [shop.example.org]',
        '    default: true',
        '    acme: { directory: "https://ca.internal/dir", email: a@example.org, terms: agreed, challenge: tls-alpn-01,',
        '            storage: /var/acme, keyType: rsa, renewBefore: 240h, ca: root.pem }',
      ),
    );

    assert.deepEqual(acme, [
      {
        hosts: ['shop.example.org'],
        vips: [],
        isDefault: true,
        directory: 'https://ca.internal/dir',
        email: 'a@example.org',
        challenge: 'tls-alpn-01',
        ca: ROOT,
        storage: '/var/acme',
        renewBeforeMs: 240 * 3_600_000,
        keyType: 'rsa',
      },
    ]);
  });

  const cases: [what: string, lines: string[], problems: string[]][] = [
    [
      'needs consent, hosts and a storage',
      ['  - acme: {}'],
      ['3:5 "terms" is missing', '3:5 "storage" is missing', '3:5 "hosts" is missing'],
    ],
    [
      'takes no half consent',
      ['  - { hosts: [a.example.org], acme: { terms: yes, storage: x } }'],
      [
        `3:46 expected agreed, but found "yes" (read the CA's terms of service; they are agreed to in your name)`,
      ],
    ],
    [
      'does not go together with files',
      ['  - { hosts: [a.example.org], cert: a.pem, key: a.key, acme: { terms: agreed, storage: x } }'],
      [
        '3:31 "cert" does not go together with "acme", which makes its own',
        '3:44 "key" does not go together with "acme", which makes its own',
      ],
    ],
    [
      'is for names alone',
      ['  - { hosts: ["*.example.org", 192.0.2.1], acme: { terms: agreed, storage: x } }'],
      [
        '3:15 a wildcard is only to be had by dns-01, which is not available (list the names below it, or obtain it elsewhere and name its files as cert and key)',
        '3:32 ACME is for names here, not for addresses',
      ],
    ],
    [
      'is spoken over https, and proven in two ways',
      [
        '  - { hosts: [a.example.org], acme: { terms: agreed, storage: x, directory: "http://ca/", challenge: dns-01 } }',
      ],
      [
        '3:77 ACME is spoken over https only (write https://)',
        '3:102 "dns-01" is not yet available in this version (write http-01 or tls-alpn-01)',
      ],
    ],
    [
      'is for hosts that have no other certificate, and one default',
      [
        '  - { hosts: [a.example.org], cert: a.pem, key: a.key, default: true }',
        '  - { hosts: [a.example.org, b.example.org], acme: { terms: agreed, storage: x }, default: true }',
        '  - { hosts: [b.example.org], acme: { terms: agreed, storage: x } }',
      ],
      [
        '4:15 a.example.org has two certificates: /etc/conf/a.pem, and this one',
        '4:92 there is a default certificate already',
        '5:15 b.example.org has two certificates: certificates[1], and this one',
      ],
    ],
    [
      'wants a PEM file as ca',
      ['  - { hosts: [a.example.org], acme: { terms: agreed, storage: x, ca: a.key } }'],
      ['3:70 the file holds no PEM certificate'],
    ],
    [
      'in place of which cert and key are needed',
      ['  - { hosts: [a.example.org], cert: a.pem }'],
      ['3:5 "key" is missing'],
    ],
  ];
  for (const [what, lines, problems] of cases) {
    it(what, () => assert.deepEqual(problemsOf(load(...lines)), problems));
  }

  it('is for at most 100 hosts', () => {
    const hosts = Array.from({ length: 101 }, (_, i) => `h${i}.example.org`).join(', ');
    const [problem] = problemsOf(load(`  - { hosts: [${hosts}], acme: { terms: agreed, storage: x } }`));

    assert.match(problem!, /more than 100 hosts in one certificate/);
  });

  it('needs a listener that answers its proofs', () => {
    const entry = (challenge: string) =>
      `certificates: [{ hosts: [a.example.org], acme: { terms: agreed, storage: x${challenge} } }]`;
    const problemsWith = (listen: string, challenge = '') =>
      shortProblems(loadWhole(`listen: [${listen}]\n${entry(challenge)}`)).map((text) =>
        text.replace(/^\S+ /, ''),
      );

    assert.deepEqual(problemsWith('{ address: ":443", tls: true }'), [
      'http-01 is answered by plain listeners, and there is none (add one for port 80, or write challenge: tls-alpn-01)',
    ]);
    assert.deepEqual(problemsWith('{ address: ":80" }', ', challenge: tls-alpn-01'), [
      'tls-alpn-01 is answered by TLS listeners, and there is none (add one for port 443)',
    ]);
    assert.deepEqual(problemsWith('{ address: ":443", tls: true }', ', challenge: tls-alpn-01'), []);
  });
});
