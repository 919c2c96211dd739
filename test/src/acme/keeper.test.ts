import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { AcmeFailure } from '../../../src/acme/acme-failure.ts';
import { CertificateKeeper } from '../../../src/acme/keeper.ts';
import { pairFile, readPair, writePair } from '../../../src/acme/storage.ts';
import type { Logger } from '../../../src/core/logger.ts';
import type { AcmeSettings } from '../../../src/core/settings.ts';
import { acmeSettings } from '../../support/acme-settings.ts';
import { testCertificate } from '../../support/certificates.ts';
import { json, problem, ScriptedCa } from '../../support/scripted-ca.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const DAY = 86_400_000;
const MINUTE = 60_000;
const HOST = 'a.example.org';

test('what is missing is obtained at once, stored and served; until then it is temporary', async (t) => {
  const { keeper, settings, idle, served, logged } = setup(t);

  keeper.keep(keeper.prepare([settings]));
  const [temporary] = keeper.certificates();
  assert.match(new X509Certificate(temporary!.cert).subject, /Portico temporary certificate/);
  assert.deepEqual(temporary!.hosts, [HOST]);
  assert.equal(keeper.status()[0]!.state, 'temporary');
  await idle();

  assert.deepEqual(served, [keeper.certificates()]);
  assert.equal(served[0]![0]!.cert, readPair(settings)!.cert);
  assert.deepEqual(keeper.orders, { obtained: 1, failed: 0 });
  assert.deepEqual(
    logged.map(({ message }) => message),
    [
      'a temporary certificate, which nobody trusts, is served until the CA has issued',
      'certificate obtained',
      'certificate served',
    ],
  );
});

test('what is stored is served, and renewed with a third of its life left', async (t) => {
  const { keeper, settings, idle, waits, served, pass } = setup(t);
  writePair(settings, testCertificate([HOST], { fromDays: -1, untilDays: 89 }));

  keeper.keep(keeper.prepare([settings]));
  assert.equal(keeper.certificates()[0]!.cert, readPair(settings)!.cert);
  assert.deepEqual([served, keeper.status()[0]!.state], [[], 'obtained']);
  await idle();
  const days = (): number => Math.round((keeper.status()[0]!.nextAttempt - Date.now()) / DAY);
  assert.equal(days(), 59);
  // The CA is asked every six hours whether it would like to say when.
  for (let i = 0; i < 4 * 60 && served.length === 0; i += 1) await pass(waits.at(-1)!);

  assert.equal(served.length, 1);
  assert.equal(days(), 59 + 60);
});

test('a failure leaves what is served, says what to do, and is tried again later and later', async (t) => {
  const { keeper, settings, ca, idle, waits, logged, pass, served } = setup(t);
  const pair = testCertificate([HOST], { fromDays: -89, untilDays: 1 });
  writePair(settings, pair);
  ca.tamper = (step) => (step === 'new-order' ? problem(400, 'caa', 'forbidden') : undefined);

  keeper.keep(keeper.prepare([settings]));
  await idle();
  for (let i = 0; i < 3; i += 1) await pass(waits.at(-1)!);

  assert.deepEqual(waits, [MINUTE, 4 * MINUTE, 16 * MINUTE, 64 * MINUTE]);
  assert.equal(keeper.certificates()[0]!.cert, pair.cert);
  assert.equal(served.length, 0);
  const { failures, reason, state } = keeper.status()[0]!;
  assert.deepEqual([failures, reason, state], [4, 'the order: caa: forbidden', 'obtained']);
  assert.deepEqual(keeper.orders, { obtained: 0, failed: 4 });
  const { fields, level } = logged.at(-1)!;
  assert.equal(level, 'error');
  assert.match(String(fields['advice']), /CAA records/);
  assert.match(String(fields['served']), /the certificate of before, which ends /);
  assert.equal(fields['retryInSeconds'], 64 * 60);
});

test('one that fails does not keep others waiting', async (t) => {
  const { keeper, settings, ca, idle } = setup(t, [HOST, 'b.example.org']);
  const [one, other] = [HOST, 'b.example.org'].map((host) => ({ ...settings, hosts: [host] }));
  ca.tamper = (step) => (step === 'new-order' ? problem(400, 'caa', 'forbidden') : undefined);

  keeper.keep(keeper.prepare([one!, other!]));
  await idle();

  assert.deepEqual(
    keeper.status().map(({ failures }) => failures),
    [1, 1],
  );
});

test('a reload keeps what has not changed, with its failures, and tries what has at once', async (t) => {
  const { keeper, settings, ca, idle, waits } = setup(t);
  ca.tamper = (step) => (step === 'new-order' ? problem(400, 'caa', 'forbidden') : undefined);
  keeper.keep(keeper.prepare([settings]));
  await idle();

  keeper.keep(keeper.prepare([{ ...settings }]));
  await idle();
  assert.deepEqual(keeper.orders, { obtained: 0, failed: 1 });
  ca.tamper = () => undefined;
  keeper.keep(keeper.prepare([{ ...settings, email: 'ops@example.org' }]));
  await idle();

  assert.deepEqual(keeper.orders, { obtained: 1, failed: 1 });
  keeper.keep(keeper.prepare([]));
  await idle();
  assert.deepEqual([keeper.certificates(), keeper.status()], [[], []]);
  assert.equal(waits.at(-1), DAY);
});

test('a CA that issues what is due at once is asked once a day', async (t) => {
  const { keeper, settings, ca, idle, waits } = setup(t);
  ca.now = () => Date.now() - 80 * DAY;

  keeper.keep(keeper.prepare([settings]));
  await idle();

  assert.equal(keeper.orders.obtained, 1);
  assert.equal(Math.round((keeper.status()[0]!.nextAttempt - Date.now()) / DAY), 1);
  assert.ok(waits.length === 1);
});

test('the CA is asked when to renew, and followed', async (t) => {
  const { keeper, settings, ca, idle, waits, pass, served } = setup(t);
  ca.hasRenewalInfo = true;
  writePair(settings, testCertificate([HOST], { fromDays: -1, untilDays: 89 }));
  const now = Date.now();
  const window = (start: number) => ({
    suggestedWindow: {
      start: new Date(now + start).toISOString(),
      end: new Date(now + start + 1000).toISOString(),
    },
  });
  ca.tamper = (step, _, count) =>
    step === 'renewal-info'
      ? { ...json(window(count === 1 ? 20 * DAY : -DAY)), retryAfter: '3600' }
      : undefined;

  keeper.keep(keeper.prepare([settings]));
  await idle();
  assert.equal(Math.round((keeper.status()[0]!.nextAttempt - now) / DAY), 20);
  assert.deepEqual(waits, [60 * MINUTE], 'when to ask again is for the CA to say');
  await pass(waits[0]!);

  assert.equal(served.length, 1, 'a window in the past means now');
  const order = ca.payloads.find(({ step }) => step === 'new-order')!.payload as { replaces?: string };
  assert.match(order.replaces!, /^[\w-]+\.[\w-]+$/);
});

test('a CA that answers nonsense about renewal is not followed, and asked again after hours', async (t) => {
  const { keeper, settings, ca, idle, waits } = setup(t);
  ca.hasRenewalInfo = true;
  writePair(settings, testCertificate([HOST], { fromDays: -1, untilDays: 89 }));
  ca.tamper = (step) =>
    step === 'renewal-info' ? json({ suggestedWindow: { start: 'soon', end: 'later' } }) : undefined;

  keeper.keep(keeper.prepare([settings]));
  await idle();

  assert.deepEqual(waits, [6 * 60 * MINUTE]);
  assert.equal(keeper.status()[0]!.failures, 0);
});

test('a stored pair that does not fit is not served, but obtained anew', async (t) => {
  const { keeper, settings, idle, logged } = setup(t);
  const pair = testCertificate([HOST]);
  writePair(settings, { cert: pair.cert, key: testCertificate(['b.example.org']).key });

  keeper.keep(keeper.prepare([settings]));
  await idle();

  assert.match(logged[0]!.message, /cannot be used, and is obtained anew/);
  assert.equal(keeper.orders.obtained, 1);
});

test('a storage that cannot be used is a failure like any other', async (t) => {
  const { keeper, settings, idle } = setup(t);
  const file = `${settings.storage}/file`;
  writeFileSync(file, '');

  keeper.keep(keeper.prepare([{ ...settings, storage: file }]));
  await idle();

  assert.match(keeper.status()[0]!.reason, /acme.storage cannot be used: EEXIST|ENOTDIR/);
});

test('workers that do not answer a challenge are a failure, before the CA is told to look', async (t) => {
  const { keeper, settings, idle, ca } = setup(t, [HOST], () =>
    Promise.reject(new AcmeFailure('a worker hangs', '')),
  );

  keeper.keep(keeper.prepare([settings]));
  await idle();

  assert.equal(keeper.status()[0]!.reason, 'a worker hangs');
  assert.equal(ca.steps.includes('challenge'), false);
});

test('a stop ends what is under way, without a word', async (t) => {
  const { keeper, settings, ca, logged } = setup(t);
  const asked = Promise.withResolvers<void>();
  ca.hold = (signal) =>
    new Promise((_, reject) => {
      asked.resolve();
      signal.addEventListener('abort', () => reject(new Error('aborted')));
    });

  keeper.keep(keeper.prepare([settings]));
  await asked.promise;
  await keeper.stop();

  assert.deepEqual(
    logged.filter(({ level }) => level === 'error'),
    [],
  );
  assert.ok(pairFile(settings).endsWith('.pem'));
});

function setup(
  t: TestContext,
  hosts: readonly string[] = [HOST],
  showChallenges: () => Promise<void> = () => Promise.resolve(),
) {
  const settings: AcmeSettings = acmeSettings({ hosts, storage: temporaryDirectory(t) });
  const ca = new ScriptedCa(hosts);
  const served: unknown[][] = [];
  const waits: number[] = [];
  const logged: { level: string; fields: Record<string, unknown>; message: string }[] = [];
  const log = (level: string) => (fields: object, message: string) =>
    logged.push({ level, fields: fields as Record<string, unknown>, message });
  const logger: Logger = { debug() {}, info: log('info'), warn: log('warn'), error: log('error') };
  let passed = 0;
  ca.now = () => Date.now() + passed;
  let isIdle = Promise.withResolvers<void>();
  let wakeUp: () => void = () => {};
  const keeper = new CertificateKeeper({
    logger,
    showChallenges,
    now: () => Date.now() + passed,
    chance: () => 0,
    transport: () => ca.transport,
    serve() {
      served.push(keeper.certificates());
      return Promise.resolve(undefined);
    },
    wait(ms, signal) {
      waits.push(Math.round(ms / 1000) * 1000);
      isIdle.resolve();
      return new Promise((resolve, reject) => {
        wakeUp = () => {
          passed += ms;
          resolve();
        };
        signal.addEventListener('abort', () => reject(new Error('aborted')));
      });
    },
  });
  t.after(() => keeper.stop());
  /** Resolves when there is nothing to do but to wait. */
  const idle = async (): Promise<void> => {
    await isIdle.promise;
    isIdle = Promise.withResolvers();
  };
  return {
    keeper,
    settings: settings as AcmeSettings,
    ca,
    served: served as ReturnType<CertificateKeeper['certificates']>[],
    waits,
    logged,
    idle,
    /** Lets time pass, and waits until all is done that is due then. */
    async pass(ms: number) {
      assert.ok(ms > 0);
      isIdle = Promise.withResolvers();
      wakeUp();
      await idle();
    },
  };
}
