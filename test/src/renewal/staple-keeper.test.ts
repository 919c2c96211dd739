import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { OcspSettings } from '../../../src/core/settings.ts';
import type { Staple } from '../../../src/core/staple.ts';
import { StapleKeeper, type StapleKeeperPorts } from '../../../src/renewal/staple-keeper.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

type Judgement = ReturnType<StapleKeeperPorts['judge']>;

test('asks again when half of the time of a response is over', async (t) => {
  const { asked, sent, pass, keeper } = begin(t, { answers: (now) => good(now, 4 * DAY_MS) });
  await pass(0);

  await pass(2 * DAY_MS - MINUTE_MS);
  assert.equal(asked.length, 1);
  await pass(2 * MINUTE_MS);

  assert.equal(asked.length, 2);
  assert.equal(sent.length, 2);
  assert.equal(keeper.status.state, 'stapled');
});

test('half is taken with jitter, so that those who began together do not stay together', async (t) => {
  for (const [chance, days] of [
    [0, 0.8],
    [1, 1.2],
  ] as const) {
    const { asked, pass } = begin(t, { answers: (now) => good(now, 2 * DAY_MS), chance });
    await pass(0);
    await pass(days * DAY_MS - MINUTE_MS);
    assert.equal(asked.length, 1);
    await pass(2 * MINUTE_MS);
    assert.equal(asked.length, 2);
  }
});

test('a responder that is away is asked after pauses that double up to an hour, and is complained of once', async (t) => {
  const { asked, said, pass, start } = begin(t, { answers: () => 'connect ECONNREFUSED' });
  await pass(0);

  for (let minute = 1; minute <= 6 * 60; minute++) await pass(MINUTE_MS);

  const pauses = asked.slice(1).map((at, i) => Math.round((at - asked[i]!) / MINUTE_MS));
  assert.deepEqual(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
  assert.equal(asked[0], start);
  assert.deepEqual(said, ['warn no fresh OCSP response can be had for a certificate']);
});

test('while the responder is away the response that there is is sent to its end', async (t) => {
  let isAway = false;
  const { sent, said, pass, keeper } = begin(t, {
    answers: (now) => (isAway ? 'away' : good(now, 2 * DAY_MS)),
  });
  await pass(0);
  isAway = true;

  await pass(1.5 * DAY_MS);
  assert.deepEqual([keeper.status.state, keeper.status.reason], ['stapled', 'away']);
  await pass(DAY_MS);
  assert.equal(keeper.status.state, 'failing');
  isAway = false;
  await pass(2 * 60 * MINUTE_MS);

  assert.equal(keeper.status.state, 'stapled');
  assert.deepEqual(
    sent.map(({ response }) => response !== undefined),
    [true, true],
  );
  assert.equal(said.at(-1), 'info a certificate is stapled again');
});

test('a certificate that is revoked is not sent with its last good response', async (t) => {
  let isRevoked = false;
  const { sent, said, pass, keeper } = begin(t, {
    answers: (now) => ({ ...good(now, 2 * DAY_MS), status: isRevoked ? 'revoked' : 'good' }),
  });
  await pass(0);
  isRevoked = true;
  await pass(1.1 * DAY_MS);

  assert.equal(sent.at(-1)!.response, undefined);
  assert.equal(keeper.status.state, 'revoked');
  assert.deepEqual(said, ['error a certificate is revoked, says its responder: replace it']);
});

test('responses of no duration, or of a century, are not asked for in a storm or never', async (t) => {
  const short = begin(t, { answers: (now) => good(now, 1) });
  await short.pass(0);
  for (let i = 0; i < 120; i++) await short.pass(1_000);
  assert.ok(short.asked.length <= 5, `${short.asked.length} questions in two minutes`);

  const long = begin(t, { answers: (now) => good(now, 36_500 * DAY_MS) });
  await long.pass(0);
  await long.pass(7 * DAY_MS + MINUTE_MS);
  assert.equal(long.asked.length, 2);
});

test('closed, it asks no more, and an answer that comes late is thrown away', async (t) => {
  const gate = Promise.withResolvers<void>();
  const { asked, sent, pass, keeper } = begin(t, { answers: (now) => good(now, DAY_MS), gate: gate.promise });
  keeper.close();
  gate.resolve();
  await pass(3 * DAY_MS);

  assert.equal(asked.length, 1);
  assert.equal(sent.length, 0);
});

test('without issuer or responder, and when it is off, nobody is asked', async (t) => {
  const states = [
    begin(t, { answers: () => 'x', url: undefined }),
    begin(t, { answers: () => 'x', hasIssuer: false }),
    begin(t, { answers: () => 'x', ocsp: { kind: 'off' } }),
  ].map(({ keeper, asked, said }) => [keeper.status.state, asked.length, said.length]);

  assert.deepEqual(states, [
    ['none', 0, 0],
    ['none', 0, 0],
    ['off', 0, 0],
  ]);
});

function good(now: number, lifetimeMs: number): Exclude<Judgement, string> {
  return { status: 'good', thisUpdate: now, until: now + lifetimeMs };
}

interface Plan {
  /** What a response of this moment says, or why there is none. */
  readonly answers: (now: number) => Judgement;
  readonly chance?: number;
  readonly gate?: Promise<void>;
  readonly url?: string | undefined;
  readonly hasIssuer?: boolean;
  readonly ocsp?: OcspSettings;
}

function begin(t: TestContext, plan: Plan) {
  t.mock.timers.reset();
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const start = Date.now();
  const asked: number[] = [];
  const sent: Staple[] = [];
  const said: string[] = [];
  const note = (level: string) => (_fields: object, message: string) => void said.push(`${level} ${message}`);
  const keeper = new StapleKeeper(
    {
      file: '/a.pem',
      cert: 'PEM',
      hasIssuer: true,
      fingerprint: 'AB:CD',
      url: 'http://responder.example/',
      mustStaple: false,
      ocsp: { kind: 'auto' },
      ...plan,
    },
    {
      logger: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') },
      now: Date.now,
      random: () => plan.chance ?? 0.5,
      async fetch() {
        asked.push(Date.now());
        await plan.gate;
        return Buffer.from('response');
      },
      judge: (_response, _cert, now) => plan.answers(now),
      changed: (staple) => sent.push(staple),
    },
  );
  keeper.begin();
  const pass = async (ms: number): Promise<void> => {
    t.mock.timers.tick(ms);
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };
  return { keeper, asked, sent, said, pass, start };
}
