import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { AccountKey } from '../../../src/acme/account-key.ts';
import type { AcmeFailure } from '../../../src/acme/acme-failure.ts';
import { AcmeClient } from '../../../src/acme/client.ts';
import { obtainCertificate } from '../../../src/acme/obtain-certificate.ts';
import type { AcmeResponse } from '../../../src/acme/transport.ts';
import type { AcmeChallenge } from '../../../src/core/acme-challenge.ts';
import type { AcmeSettings } from '../../../src/core/settings.ts';
import type { IssuedPair } from '../../../src/tls/local-authority.ts';
import { acmeSettings } from '../../support/acme-settings.ts';
import { testCertificate } from '../../support/certificates.ts';
import { json, problem, ScriptedCa, type Step, TOKEN } from '../../support/scripted-ca.ts';

const HOSTS = ['a.example.org', 'b.example.org'];

test('an order goes its way: account, order, proofs, key, certificate', async () => {
  const { ca, run } = setup();

  const { cert, key } = await run();

  const certificate = new X509Certificate(cert);
  assert.equal(certificate.subjectAltName, 'DNS:a.example.org, DNS:b.example.org');
  assert.ok(certificate.checkPrivateKey(createPrivateKey(key)));
  const steps: Step[] = ['directory', 'nonce', 'account', 'new-order', 'authorization', 'authorization'];
  steps.push('challenge', 'challenge', 'authorization', 'authorization', 'order', 'finalize', 'certificate');
  assert.deepEqual(ca.steps, steps);
  const [account] = ca.payloads;
  assert.deepEqual(account!.payload, { termsOfServiceAgreed: true, contact: ['mailto:ops@example.org'] });
});

test('proofs are shown before the CA may look, and taken away afterwards', async () => {
  const { ca, run, shown, accountKey } = setup();
  const seen: (readonly AcmeChallenge[])[] = [];
  ca.onChallenge = () => seen.push(shown.at(-1)!);

  await run();

  const answer = `${TOKEN}.${accountKey.thumbprint}`;
  const expected = HOSTS.map((host) => ({ kind: 'http-01', host, token: TOKEN, answer }));
  assert.deepEqual(seen, [expected, expected]);
  assert.deepEqual(shown.at(-1), []);
});

test('a proof by TLS-ALPN-01 is a self-signed certificate for the host with the digest inside', async () => {
  const { run, shown } = setup({ challenge: 'tls-alpn-01' });

  await run();

  for (const [i, challenge] of shown[0]!.entries()) {
    assert.equal(challenge.kind, 'tls-alpn-01');
    const { cert, key } = challenge as Extract<AcmeChallenge, { kind: 'tls-alpn-01' }>;
    const certificate = new X509Certificate(cert);
    assert.equal(certificate.subjectAltName, `DNS:${HOSTS[i]}`);
    assert.ok(certificate.checkPrivateKey(createPrivateKey(key)));
    // id-pe-acmeIdentifier, critical, an OCTET STRING in an OCTET STRING (RFC 8737, section 3).
    assert.match(certificate.raw.toString('hex'), /06082b0601050507011f0101ff04220420/);
  }
});

test('hosts that were proven before need no proof again', async () => {
  const { ca, run, shown } = setup();
  ca.tamper = (step, answer) =>
    step === 'new-order' ? { ...answer, body: answer.body.replace('"pending"', '"ready"') } : undefined;
  ca.tamper = withChanged('order', { status: 'ready' }, ca.tamper, 1);

  await run();

  assert.deepEqual(shown, []);
});

test('stale nonces are replaced, up to ten in a row', async () => {
  const { ca, run } = setup();
  let refused = 0;
  ca.tamper = (step) =>
    step === 'new-order' && refused++ < 9 ? problem(400, 'badNonce', 'stale') : undefined;

  await run();

  assert.equal(refused, 10);
  const other = setup();
  other.ca.tamper = (step) => (step === 'new-order' ? problem(400, 'badNonce', 'stale') : undefined);
  await fails(other.run, /badNonce: stale/);
  assert.equal(other.ca.steps.filter((step) => step === 'new-order').length, 10);
});

test('the CA is asked at its own pace, within bounds, and no longer than five minutes', async () => {
  const { ca, run, waits } = setup();
  const paces = ['3', '0', 'Thu, 01 Jan 2026 00:00:20 GMT', '9999'];
  ca.tamper = (step, answer, count) =>
    step === 'order' && count <= 4
      ? { ...answer, body: answer.body.replace('"ready"', '"pending"'), retryAfter: paces[count - 1] }
      : undefined;

  await run();

  assert.deepEqual(waits, [3000, 250, 15_000, 15_000]);
  const slow = setup();
  slow.ca.tamper = withChanged('finalize', { status: 'processing' });
  slow.ca.tamper = withChanged('order', { status: 'processing' }, slow.ca.tamper);
  await fails(slow.run, /has not got on with the order for 5 minutes/);
  assert.ok(slow.waits.length < 50);
});

test('a renewal says what it replaces, and goes on without when the CA does not want that', async () => {
  const { ca, run } = setup({}, 'aki.serial');
  ca.hasRenewalInfo = true;
  ca.tamper = (step, _, count) =>
    step === 'new-order' && count === 1 ? problem(409, 'alreadyReplaced', 'before') : undefined;

  await run();

  const orders = ca.payloads.filter(({ step }) => step === 'new-order').map(({ payload }) => payload);
  assert.equal((orders[0] as { replaces?: string }).replaces, 'aki.serial');
  assert.equal('replaces' in (orders[1] as object), false);
});

describe('a refusal is a failure with a reason and advice, and leaves no challenge behind', () => {
  const cases: [
    what: string,
    tamper: (step: Step) => AcmeResponse | undefined,
    reason: RegExp,
    advice: RegExp,
  ][] = [
    [
      'rate limits',
      on('new-order', problem(429, 'rateLimited', 'too many')),
      /the order: rateLimited: too many/,
      /wait/,
    ],
    [
      'accounts',
      on('account', problem(403, 'unauthorized', 'deactivated')),
      /the account: unauthorized/,
      /move its key/,
    ],
    [
      'binding',
      on('account', problem(403, 'externalAccountRequired', 'eab')),
      /externalAccountRequired/,
      /another CA/,
    ],
    [
      'CAA',
      on('challenge', problem(403, 'caa', 'forbidden')),
      /a.example.org: caa: forbidden/,
      /CAA records/,
    ],
    [
      'without words',
      on('new-order', { ...json(''), status: 500, contentType: 'text/html' }),
      /answered 500/,
      /directory/,
    ],
    [
      'unknown ones',
      on('new-order', problem(400, 'newFashion', 'x\ny')),
      /newFashion: x y$/,
      /what the CA says/,
    ],
  ];
  for (const [what, tamper, reason, advice] of cases) {
    test(what, async () => {
      const { ca, run, shown } = setup();
      ca.tamper = tamper;

      const failure = await fails(run, reason);

      assert.match(failure.advice, advice);
      assert.deepEqual(shown.at(-1) ?? [], []);
    });
  }
});

test('a proof that the CA refuses is told with its host and its reason', async () => {
  const { ca, run, shown } = setup();
  const error = { type: 'urn:ietf:params:acme:error:connection', detail: '192.0.2.1: refused' };
  ca.tamper = (step, answer, count) => {
    if (step !== 'authorization' || count <= 2) return undefined;
    const value = JSON.parse(answer.body) as { challenges: object[] };
    return json({
      ...value,
      status: 'invalid',
      challenges: value.challenges.map((one) => ({ ...one, error })),
    });
  };

  const failure = await fails(run, /^a.example.org: connection: 192.0.2.1: refused$/);

  assert.match(failure.advice, /port 80/);
  assert.deepEqual(shown.at(-1), []);
});

describe('an answer that makes no sense is a failure, never more', () => {
  const OTHER = testCertificate(['a.example.org', 'b.example.org']).cert;
  const text = (body: string, contentType = 'application/json'): AcmeResponse => ({
    ...json(''),
    body,
    contentType,
  });
  const cases: [what: string, step: Step, change: object | AcmeResponse, reason: RegExp][] = [
    ['a directory that is no JSON', 'directory', text('<html>'), /no JSON object/],
    ['a directory of another type', 'directory', text('{}', 'text/html'), /the directory is no JSON/],
    [
      'a directory over http',
      'directory',
      { newOrder: 'http://ca.example/new-order' },
      /newOrder is no https address/,
    ],
    [
      'an address of endless length',
      'directory',
      { newOrder: `https://ca.example/${'x'.repeat(3000)}` },
      /no https/,
    ],
    [
      'an order for other hosts',
      'new-order',
      { identifiers: [{ type: 'dns', value: 'evil.example' }] },
      /other hosts/,
    ],
    [
      'an order for addresses',
      'new-order',
      { identifiers: [{ type: 'ip', value: '192.0.2.1' }] },
      /no DNS name/,
    ],
    ['an order in an unknown state', 'new-order', { status: 'perhaps' }, /unknown status/],
    [
      'an order without end',
      'new-order',
      { authorizations: Array(500).fill('https://ca.example/a') },
      /too long/,
    ],
    [
      'more proofs than hosts',
      'new-order',
      { authorizations: Array(3).fill('https://ca.example/authorization/a.example.org') },
      /more proofs than hosts/,
    ],
    [
      'a proof for another host',
      'authorization',
      { identifier: { type: 'dns', value: 'evil.example' } },
      /nobody asked/,
    ],
    ['no proof of our kind', 'authorization', { challenges: [{ type: 'dns-01' }] }, /offers no http-01/],
    [
      'a token that is a path',
      'authorization',
      {
        challenges: [
          { type: 'http-01', url: 'https://ca.example/challenge/a', token: '../../etc/passwd/etc/passwd' },
        ],
      },
      /token/,
    ],
    [
      'a short token',
      'authorization',
      { challenges: [{ type: 'http-01', url: 'https://ca.example/challenge/a', token: 'x' }] },
      /token/,
    ],
    ['a certificate of no type', 'certificate', text(OTHER, 'text/plain'), /no PEM/],
    [
      'a certificate for another key',
      'certificate',
      text(OTHER, 'application/pem-certificate-chain'),
      /cannot be served/,
    ],
    [
      'a certificate that is none',
      'certificate',
      text('x', 'application/pem-certificate-chain'),
      /cannot be served/,
    ],
  ];
  for (const [what, step, change, reason] of cases) {
    test(what, async () => {
      const { ca, run, shown } = setup();
      ca.tamper = 'contentType' in change ? on(step, change as AcmeResponse) : withChanged(step, change);

      await fails(run, reason);

      assert.deepEqual(shown.at(-1) ?? [], []);
    });
  }

  test('a certificate for fewer hosts, or of the past', async () => {
    const { ca, run } = setup();
    const { issueForRequest } = await import('../../support/signing-request-issuer.ts');
    ca.tamper = (step) => {
      if (step !== 'certificate') return undefined;
      const csr = (ca.payloads.find((one) => one.step === 'finalize')!.payload as { csr: string }).csr;
      return text(
        issueForRequest(Buffer.from(csr, 'base64url'), ['a.example.org']),
        'application/pem-certificate-chain',
      );
    };

    await fails(run, /does not cover b.example.org/);
  });
});

test('whatever a CA answers at any step, an order ends with a certificate or with a failure', async () => {
  const steps = [
    'directory',
    'account',
    'new-order',
    'authorization',
    'challenge',
    'finalize',
    'order',
    'certificate',
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...(steps as Step[])),
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom(200, 201, 204, 302, 400, 403, 429, 500),
      fc.constantFrom(
        'application/json',
        'application/problem+json',
        'application/pem-certificate-chain',
        '',
      ),
      fc.oneof(fc.json(), fc.string(), fc.constant(undefined)),
      fc.dictionary(fc.constantFrom(...MEMBERS), fc.jsonValue()),
      async (step, from, status, contentType, body, members) => {
        const { ca, run, shown } = setup();
        ca.tamper = (asked, answer, count) => {
          if (asked !== step || count < from) return undefined;
          if (body !== undefined) return { ...answer, status, contentType, body };
          const value: unknown = answer.body === '' ? {} : parsed(answer.body);
          return { ...answer, body: JSON.stringify({ ...(value as object), ...members }) };
        };

        const outcome = await run().catch((error: unknown) => error as Error);

        assert.ok('cert' in outcome || outcome.name === 'AcmeFailure', String((outcome as Error).stack));
        assert.deepEqual(shown.at(-1) ?? [], []);
        assert.ok(shown.every((challenges) => challenges.length <= HOSTS.length));
      },
    ),
    { numRuns: 300 },
  );
});

const MEMBERS = [
  'status',
  'identifiers',
  'identifier',
  'authorizations',
  'challenges',
  'finalize',
  'certificate',
  'error',
  'newOrder',
  'newAccount',
  'renewalInfo',
];

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

interface Setup {
  readonly ca: ScriptedCa;
  readonly accountKey: AccountKey;
  readonly shown: (readonly AcmeChallenge[])[];
  readonly waits: number[];
  run(): Promise<IssuedPair>;
}

function setup(fields: Partial<AcmeSettings> = {}, replaces?: string): Setup {
  const settings = acmeSettings({ hosts: HOSTS, email: 'ops@example.org', ...fields });
  const ca = new ScriptedCa(HOSTS);
  const accountKey = AccountKey.create();
  const shown: (readonly AcmeChallenge[])[] = [];
  const waits: number[] = [];
  let passed = 0;
  const now = (): number => Date.parse('2026-01-01') + passed;
  const client = new AcmeClient(
    settings.directory,
    accountKey,
    ca.transport,
    new AbortController().signal,
    now,
  );
  return {
    ca,
    accountKey,
    shown,
    waits,
    run: () =>
      obtainCertificate(settings, replaces, client, accountKey, {
        now: () => Date.now() + passed,
        wait(ms) {
          waits.push(ms);
          passed += ms;
          return Promise.resolve();
        },
        showChallenges(challenges) {
          shown.push(challenges);
          return Promise.resolve();
        },
      }),
  };
}

/** In place of every answer of a step. */
function on(step: Step, answer: AcmeResponse): (asked: Step) => AcmeResponse | undefined {
  return (asked) => (asked === step ? answer : undefined);
}

/** Members of the object that a step answers with, in place of its own; in answers up to the n-th. */
function withChanged(
  step: Step,
  change: object,
  others: ScriptedCa['tamper'] = () => undefined,
  upTo = Number.POSITIVE_INFINITY,
): ScriptedCa['tamper'] {
  return (asked, answer, count) => {
    if (asked !== step || count > upTo) return others(asked, answer, count);
    return { ...answer, body: JSON.stringify({ ...(JSON.parse(answer.body) as object), ...change }) };
  };
}

async function fails(run: () => Promise<unknown>, reason: RegExp): Promise<AcmeFailure> {
  const failure = await run().then(
    () => assert.fail('it did not fail'),
    (error: unknown) => error as AcmeFailure,
  );
  assert.equal(failure.name, 'AcmeFailure', String(failure.stack));
  assert.match(failure.message, reason);
  return failure;
}
