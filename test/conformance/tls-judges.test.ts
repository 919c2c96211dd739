import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { testCertificate } from '../support/certificates.ts';
import { commandMissing } from '../support/outside-judge.ts';
import { runCommand } from '../support/run-command.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { startTlsFront } from '../support/tls-front.ts';

// What people point at a server to learn whether its TLS is good: testssl.sh and sslscan, at each profile, all three of which are
// served on one port. testssl.sh 3.0 gives findings and no grade; whoever has none above INFO has at least an A where grades are given.

const PROFILES = ['modern', 'intermediate', 'old'] as const;
type Profile = (typeof PROFILES)[number];

/** Protocols, suites, forward secrecy, preferences; Heartbleed, CCS, Ticketbleed, ROBOT, renegotiation, CRIME, fallback, FREAK, DROWN, RC4. */
const SECTIONS = ['-p', '-s', '-f', '-P', '-H', '-I', '-T', '-BB', '-R', '-C', '-Z', '-F', '-D', '-4'];

/** Several times what it takes on a machine that has nothing else to do. */
const MAX_SECONDS = 150;

async function startProfiles(t: TestContext): Promise<number> {
  const hosts = PROFILES.map((profile) => `${profile}.example`);
  const tenants = Object.fromEntries(
    PROFILES.map((profile) => [profile, { hosts: [`${profile}.example`], tls: `{ profile: ${profile} }` }]),
  );
  const certificates = { site: testCertificate(hosts, { key: 'rsa' }) };
  return (await startTlsFront(t, { certificates, tenants })).port();
}

interface Finding {
  readonly id: string;
  readonly severity: string;
  readonly finding: string;
}

async function testssl(t: TestContext, port: number, profile: Profile, sections: readonly string[]) {
  const directory = temporaryDirectory(t);
  const file = join(directory, 'findings.json');
  const quiet = ['--quiet', '--warnings', 'off', '--color', '0', '--nodns', 'none', '--ip', '127.0.0.1'];
  const target = `${profile}.example:${port}`;
  const args = [...quiet, '--jsonfile', file, ...sections, target];
  const { code, text } = await runCommand('testssl', args, { seconds: MAX_SECONDS, cwd: directory });
  assert.notEqual(code, null, `testssl took longer than ${MAX_SECONDS} s: ${text}`);
  return JSON.parse(readFileSync(file, 'utf8')) as Finding[];
}

/** What testssl.sh says of the machine it runs on and not of the server: its OpenSSL has no engine for GOST. */
const OF_ITSELF = new Set(['engine_problem']);

function weaknesses(findings: readonly Finding[]): string[] {
  return findings
    .filter(({ id, severity }) => severity !== 'OK' && severity !== 'INFO' && !OF_ITSELF.has(id))
    .map(({ id, severity, finding }) => `${severity} ${id}: ${finding}`);
}

const testsslMissing = commandMissing('testssl');

describe('testssl.sh', { skip: testsslMissing, concurrency: true }, () => {
  for (const profile of ['modern', 'intermediate'] as const) {
    test(`finds no weakness in the profile ${profile}`, async (t) => {
      const findings = await testssl(t, await startProfiles(t), profile, SECTIONS);

      assert.deepEqual(weaknesses(findings), []);
      const judged = new Set(findings.map(({ id }) => id));
      for (const id of JUDGED) assert.ok(judged.has(id), `${id} was not judged`);
      assert.equal(findings.find(({ id }) => id === 'TLS1_3')!.severity, 'OK');
    });
  }

  test('finds the weaknesses that the profile old has', async (t) => {
    const found = weaknesses(await testssl(t, await startProfiles(t), 'old', ['-p'])).join('\n');

    assert.match(found, / TLS1: offered/);
    assert.match(found, / TLS1_1: offered/);
    assert.doesNotMatch(found, /SSLv[23]/);
  });
});

const JUDGED = [
  'TLS1_3',
  'cipherlist_NULL',
  'PFS',
  'heartbleed',
  'CCS',
  'ROBOT',
  'secure_renego',
  'CRIME_TLS',
];

const VERSIONS = {
  modern: ['1.3'],
  intermediate: ['1.2', '1.3'],
  old: ['1.0', '1.1', '1.2', '1.3'],
} as const;

for (const profile of PROFILES) {
  test(`sslscan sees what the profile ${profile} promises`, {
    skip: commandMissing('sslscan'),
  }, async (t) => {
    const port = await startProfiles(t);
    const args = ['--xml=-', '--no-colour', `--sni-name=${profile}.example`, `127.0.0.1:${port}`];
    const { text } = await runCommand('sslscan', args, { seconds: 60 });
    const attributes = (pattern: RegExp) =>
      [...text.matchAll(pattern)].map((match) => match.slice(1).join(' '));

    const enabled = attributes(/<protocol type="(\w+)" version="([\d.]+)" enabled="1"/g);
    assert.deepEqual(
      enabled,
      VERSIONS[profile].map((version) => `tls ${version}`),
    );
    const suites = attributes(/<cipher [^>]*cipher="([\w-]+)"[^>]* strength="(\w+)"/g);
    assert.ok(suites.length >= 3, text);
    const strengths = new Set(suites.map((suite) => suite.split(' ')[1]));
    for (const bad of ['weak', 'null', 'anonymous', 'medium', 'low', 'export'])
      assert.ok(!strengths.has(bad), suites.join());
    const isForwardSecret = (suite: string) => /^(TLS_|ECDHE-)/.test(suite);
    assert.equal(suites.every(isForwardSecret), profile !== 'old');
    assert.deepEqual(attributes(/<heartbleed [^>]*vulnerable="([^0])"/g), []);
    // It takes the refusal of TLS 1.0 for consent (version 2.0.7); tls-openssl.test.ts sees that it is refused.
    if (profile !== 'old') assert.doesNotMatch(text, /<renegotiation supported="1"/);
    assert.doesNotMatch(text, /<compression supported="1"/);
  });
}
