import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { testAuthority, testCertificate } from '../support/certificates.ts';
import { ClientAuthority } from '../support/client-authority.ts';
import type { TestFront } from '../support/front.ts';
import { startFront } from '../support/front.ts';
import { opensslMissing } from '../support/outside-judge.ts';
import { runCommand } from '../support/run-command.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

// Another TLS stack than Node's own build of it: the openssl command, with versions and offers that Node's clients do not make.

const partners = new ClientAuthority();
const good = partners.issue('till 7');
const lost = partners.issue('lost');

const TENANTS: Readonly<Record<string, string>> = {
  both: '{}',
  http1: '{ protocols: [http/1.1] }',
  h2: '{ protocols: [{ name: h2, level: mandatory }] }',
  reversed: '{ protocols: [http/1.1, { name: h2, level: must-offer }] }',
  none: '{ protocols: [{ name: h2, rate: 0 }, http/1.1] }',
  modern: '{ profile: modern }',
  old: '{ profile: old }',
  partners: '{ clientAuth: { ca: ca.pem, crl: crl.pem } }',
};

function startTenants(t: TestContext): Promise<TestFront> {
  const names = Object.keys(TENANTS);
  const site = testCertificate(
    names.map((name) => `${name}.example`),
    { key: 'rsa' },
  );
  const tenants = names.map(
    (name) =>
      `  ${name}: { hosts: [${name}.example], tls: ${TENANTS[name]}, routes: [{ respond: { status: 200, body: served } }] }`,
  );
  const yaml = `
listen: [{ address: "127.0.0.1:0", tls: true }]
certificates: [{ cert: site.pem, key: site.key, default: true }]
tenants:
${tenants.join('\n')}
`;
  const files = {
    'site.pem': site.cert,
    'site.key': site.key,
    'ca.pem': partners.cert,
    'crl.pem': partners.revoke([lost]),
  };
  return startFront(t, yaml, { files });
}

/** Everything that s_client says, with the answer to an HTTP/1.1 request. */
async function client(t: TestContext, front: TestFront, tenant: string, args: readonly string[] = []) {
  const ca = join(temporaryDirectory(t), 'ca.pem');
  writeFileSync(ca, testAuthority().cert);
  const host = `${tenant}.example`;
  const base = ['s_client', '-connect', `127.0.0.1:${front.port()}`, '-servername', host];
  const verify = ['-CAfile', ca, '-verify_return_error', '-verify_hostname', host, '-ign_eof'];
  const input = `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
  return (await runCommand('openssl', [...base, ...verify, ...args], { input })).text;
}

describe('openssl s_client', { skip: opensslMissing }, () => {
  test('gets the protocol that it offers and the host prefers, or the alert of RFC 7301', async (t) => {
    const front = await startTenants(t);
    const NO_ALERT = 'No ALPN negotiated';
    const ALERT = 'alert no application protocol';
    for (const [tenant, offer, expected] of [
      ['both', 'http/1.1,h2', 'ALPN protocol: h2'],
      ['both', 'http/1.1', 'ALPN protocol: http/1.1'],
      ['both', 'http/1.0', 'ALPN protocol: http/1.0'],
      ['both', 'spdy/3.1,http/0.9', ALERT],
      ['both', 'stream', ALERT],
      ['both', '', NO_ALERT],
      ['reversed', 'h2,http/1.1', 'ALPN protocol: http/1.1'],
      ['reversed', 'h2', 'ALPN protocol: h2'],
      ['reversed', '', NO_ALERT],
      ['http1', 'h2,http/1.1', 'ALPN protocol: http/1.1'],
      ['http1', 'h2', ALERT],
      ['http1', '', NO_ALERT],
      ['h2', 'http/1.1,h2', 'ALPN protocol: h2'],
      ['h2', 'http/1.1', ALERT],
      ['h2', '', ALERT],
      ['none', 'h2,http/1.1', 'ALPN protocol: http/1.1'],
      ['none', 'h2', ALERT],
    ] as const) {
      for (const version of ['-tls1_2', '-tls1_3']) {
        const text = await client(t, front, tenant, [version, ...(offer === '' ? [] : ['-alpn', offer])]);
        const label = `${tenant} ${offer} ${version}: ${text}`;
        assert.ok(text.includes(expected), label);
        if (expected === NO_ALERT || expected.includes('http/1.')) assert.match(text, /served/, label);
        if (expected === ALERT) assert.doesNotMatch(text, /served/, label);
      }
    }
  });

  test('of every age is served where the profile takes it, and told why where not', async (t) => {
    const front = await startTenants(t);
    for (const [tenant, ...versions] of [
      ['modern', '-tls1_3'],
      ['both', '-tls1_2', '-tls1_3'],
      ['old', '-tls1', '-tls1_1', '-tls1_2', '-tls1_3'],
    ] as const) {
      for (const version of ['-tls1', '-tls1_1', '-tls1_2', '-tls1_3'] as const) {
        const text = await client(t, front, tenant, [version, '-cipher', 'ALL:@SECLEVEL=0']);
        if ((versions as readonly string[]).includes(version))
          assert.match(text, /served/, `${tenant} ${version}`);
        else assert.match(text, /alert protocol version/, `${tenant} ${version}: ${text}`);
      }
    }
  });

  test('may not renegotiate, whatever the version', async (t) => {
    const front = await startTenants(t);
    for (const version of ['-tls1', '-tls1_1', '-tls1_2']) {
      const args = [
        's_client',
        '-connect',
        `127.0.0.1:${front.port()}`,
        '-servername',
        'old.example',
        version,
      ];
      const { text } = await runCommand('openssl', [...args, '-cipher', 'ALL:@SECLEVEL=0'], { input: 'R\n' });
      assert.match(text, /RENEGOTIATING/);
      assert.match(text, /no renegotiation/, text);
    }
  });

  test('has to show a certificate where the host asks for one', async (t) => {
    const front = await startTenants(t);
    const directory = temporaryDirectory(t);
    const shown = (name: string, { cert, key }: { cert: string; key: string }) => {
      writeFileSync(join(directory, `${name}.pem`), cert + key);
      return ['-cert', join(directory, `${name}.pem`)];
    };
    for (const version of ['-tls1_2', '-tls1_3']) {
      assert.match(await client(t, front, 'partners', [version, ...shown('good', good)]), /served/);
      const missing = await client(t, front, 'partners', [version]);
      assert.match(missing, version === '-tls1_3' ? /alert certificate required/ : /alert handshake failure/);
      for (const [name, pair] of [
        ['stranger', new ClientAuthority().issue('till 7')],
        ['lost', lost],
        ['expired', partners.issue('old', { untilMs: Date.now() - 86_400_000 })],
      ] as const) {
        const text = await client(t, front, 'partners', [version, ...shown(name, pair)]);
        assert.doesNotMatch(text, /served/, name);
      }
    }
    await front.settled();
    const reasons = front.refusals.map(({ error }) => error!.detail.replace('client-certificate-', ''));
    assert.deepEqual(reasons, [
      'missing',
      'untrusted',
      'revoked',
      'expired',
      'missing',
      'untrusted',
      'revoked',
      'expired',
    ]);
  });
});
