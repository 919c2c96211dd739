import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { headerValue } from '../../protocols/http/header-list.ts';
import type { Session, SessionState } from '../../src/core/session.ts';
import { testCertificate } from '../support/certificates.ts';
import { openClient, openTlsClient, requestText } from '../support/client.ts';
import { startFront, type TestFront } from '../support/front.ts';
import { playHostileClient, type SentRequest } from '../support/hostile-client.ts';
import { hostileOrigin } from '../support/hostile-origin.ts';
import {
  type AnswerPlan,
  type ClientPlan,
  clientPlan,
  isHonest,
  tokenBody,
} from '../support/hostile-plan.ts';
import { answering, type Origin, ok, startOrigin } from '../support/origin.ts';
import type { Peer } from '../support/peer.ts';
import type { ResponseReader } from '../support/response-reader.ts';

/** Rounds of many clients at once; more, and other ones, with PORTICO_FUZZ_ROUNDS and PORTICO_FUZZ_SEED. */
const ROUNDS = Number(process.env['PORTICO_FUZZ_ROUNDS'] ?? 8);
const SEED = Number(process.env['PORTICO_FUZZ_SEED'] ?? 20_261_121);
const CLIENTS = { minLength: 20, maxLength: 40 } as const;

test('whatever clients and instances do to each other, nobody gets the answer of another', async (t) => {
  const plans = new Map<string, AnswerPlan>();
  const owners = new Map<string, number>();
  const front: { current?: TestFront } = {};
  const origin = await startOrigin(
    t,
    hostileOrigin(plans, () => front.current?.changed()),
  );
  const good = await startOrigin(t, answering(ok('well')));
  front.current = await start(t, origin, good);
  let clients = 0;
  const wellBehaved = new Neighbour(t, front.current);

  for (const round of fc.sample(fc.array(clientPlan, CLIENTS), { numRuns: ROUNDS, seed: SEED })) {
    const running = round.map(async (plan) => {
      const client = clients++;
      const requests = plan.requests.map((request, index): SentRequest => {
        const token = tokenOf(client, index);
        plans.set(token, request.answer);
        owners.set(token, client);
        return { token, plan: request };
      });
      try {
        const peer = await connect(t, front.current!, plan);
        const reader = await playHostileClient(peer, plan, requests);
        assertOwnAnswers(reader, client, owners);
        if (plan.mutation === undefined) assertAnswers(reader, plan, requests);
      } catch (error) {
        throw new Error(`client ${client} with seed ${SEED}: ${JSON.stringify(plan)}`, { cause: error });
      }
    });
    await Promise.all([...running, wellBehaved.asks()]);
    await assertNothingLeft(front.current, [origin, good]);
  }
});

function connect(t: TestContext, front: TestFront, { secure }: ClientPlan): Promise<Peer> {
  return secure
    ? openTlsClient(t, front.port(1), { servername: 'shop.example' })
    : openClient(t, front.port(0));
}

function start(t: TestContext, origin: Origin, good: Origin): Promise<TestFront> {
  const { cert, key } = testCertificate(['shop.example']);
  return startFront(
    t,
    `
listen: [{ address: "127.0.0.1:0" }, { address: "localhost:0", tls: true }]
drain: 50ms
timeouts: { clientHeader: 500ms, clientIdle: 500ms, clientBody: 300ms, clientWrite: 300ms }
certificates: [{ cert: shop.pem, key: shop.key, default: true }]
defaultTenant: shop
tenants:
  shop: { hosts: ["shop.example"], routes: [{ cluster: web }] }
  good: { hosts: ["good.example"], routes: [{ cluster: good }] }
clusters:
  web:
    instances: [{ address: "${origin.address}" }]
    timeouts: { responseHeader: 300ms, idle: 300ms }
    health: { fail: 1000 }
  good: { instances: [{ address: "${good.address}" }] }
`,
    { files: { 'shop.pem': cert, 'shop.key': key }, hooks: { connState: noteState } },
  );
}

/** Looks like no other after any one octet was changed. */
function tokenOf(client: number, index: number): string {
  return createHash('sha256').update(`${client} ${index}`).digest('hex').slice(0, 24);
}

function assertOwnAnswers(reader: ResponseReader, client: number, owners: ReadonlyMap<string, number>): void {
  for (const [token] of reader.text.matchAll(/[0-9a-f]{24}/g)) {
    assert.ok((owners.get(token) ?? client) === client, `an answer to client ${owners.get(token)}`);
  }
  assert.ok(!reader.text.includes('x-token: nobody'), 'an answer that nobody asked for');
}

/** What the engine read, against what was asked. */
function assertAnswers(reader: ResponseReader, plan: ClientPlan, requests: readonly SentRequest[]): void {
  assert.deepEqual(reader.faults, []);
  assert.ok(reader.responses.length <= requests.length);
  for (const [index, { head, body, complete }] of reader.responses.entries()) {
    const { token, plan: request } = requests[index]!;
    if (request.answer.manner === 'mutated') continue;
    const shown = headerValue(head.headers, 'x-token');
    if (shown === undefined) {
      assert.notEqual(headerValue(head.headers, 'x-request-id'), undefined);
      continue;
    }
    assert.equal(shown, token);
    const whole = request.kind === 'head' || head.status !== 200 ? '' : tokenBody(token, request.answer.size);
    if (request.answer.manner === 'extra-bytes') assert.ok(whole.startsWith(body));
    else if (complete) assert.equal(body, whole);
    else assert.ok(whole.startsWith(body));
  }
  if (!isHonest(plan) || reader.tunnel !== undefined) return;
  const last = reader.responses.at(-1);
  assert.ok(
    last?.keepAlive === false || reader.answered === requests.length,
    'the connection ended without a word',
  );
}

/** A client with an honest instance beside all this. */
class Neighbour {
  readonly #test: TestContext;
  readonly #front: TestFront;

  constructor(t: TestContext, front: TestFront) {
    this.#test = t;
    this.#front = front;
  }

  async asks(): Promise<void> {
    const client = await openClient(this.#test, this.#front.port(0));
    for (let i = 0; i < 5; i++) {
      client.send(requestText('GET /', [], 'good.example'));
      assert.equal((await client.message()).body, 'well');
    }
    client.socket.destroy();
  }
}

/** Which state may come behind which; `''` is the accept. */
const NEXT: Readonly<Record<SessionState | '', readonly SessionState[]>> = {
  '': ['new'],
  new: ['active', 'closed'],
  active: ['idle', 'hijacked', 'closed'],
  idle: ['active', 'closed'],
  hijacked: ['closed'],
  closed: [],
};
const states = new Map<Session, SessionState>();
const wrongSteps: string[] = [];

function noteState(session: Session, state: SessionState): void {
  const before = states.get(session) ?? '';
  if (!NEXT[before].includes(state)) wrongSteps.push(`${before} to ${state}`);
  states.set(session, state);
}

async function assertNothingLeft(front: TestFront, origins: readonly Origin[]): Promise<void> {
  await front.settled();
  assert.deepEqual(front.faults, []);
  assert.deepEqual(wrongSteps, []);
  assert.ok(states.size > 0);
  for (const [session, state] of states) assert.equal(state, session.state);
  const ids = front.exchanges.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  const live = (): number =>
    origins.flatMap(({ connections }) => connections).filter(({ socket }) => !socket.destroyed).length;
  await front.until(() => front.upstreamConnections === live(), 'as many connections as instances have');
}
