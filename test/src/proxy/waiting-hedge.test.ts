import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, CLOSE, CONTINUE, type Module } from '../../../src/core/callback-points.ts';
import { exchangeError } from '../../../src/core/errors.ts';
import { StartedPipeline, turn } from './started-pipeline.ts';

const LOST = exchangeError('connection-lost', 'reset');
const HEDGE = 'hedge: { after: 200ms }\nhealth: { fail: 1 }';

/** What a module was asked for one instance, and has not answered yet. */
interface Asked {
  readonly address: string;
  readonly attempts: number;
  answer(answer: Answer): Promise<void>;
  fail(error: Error): Promise<void>;
}

/** A pipeline with a module that thinks about each instance but the first. `asked` has what it was asked. */
function start(instances: number, cluster = HEDGE, thinksOf = (attempts: number) => attempts > 1) {
  const counts = { hedged: 0, won: 0, failed: 0 };
  const asked: Asked[] = [];
  const module: Module = {
    name: 'slow',
    handlers: {
      forward(exchange) {
        const { instance, attempts } = exchange;
        if (!thinksOf(attempts)) return CONTINUE;
        const { promise, resolve, reject } = Promise.withResolvers<Answer>();
        const settle = <T>(end: (value: T) => void) => {
          return (value: T) => {
            end(value);
            return turn();
          };
        };
        const { text } = instance.address;
        asked.push({ address: text, attempts, answer: settle(resolve), fail: settle(reject) });
        return promise.then((answer) => {
          exchange.requestHeaders = [...exchange.requestHeaders, 'x-for', exchange.instance.address.text];
          return answer;
        });
      },
    },
  };
  const front = new StartedPipeline(instances, {
    cluster,
    modules: [module],
    watch: { failed: () => void counts.failed++ },
    telemetry: { hedged: () => void counts.hedged++, hedgeWon: () => void counts.won++ },
  });
  return { front, counts, asked };
}

/** Nothing is under way, and nobody is blamed but those. */
function assertAtRest({ cluster }: StartedPipeline, ejected: readonly number[] = []): void {
  assert.deepEqual(
    cluster.instances.map(({ inFlight, state }) => [inFlight, state]),
    cluster.instances.map((_, i) => [0, ejected.includes(i) ? 'ejected' : 'healthy']),
  );
}

test('the other instance is asked when modules have thought about it, and may win', async () => {
  const { front, counts, asked } = start(2);
  const exchange = await front.receive();
  await front.pass(350);
  assert.deepEqual(front.ports, [9001]);
  assert.deepEqual(
    asked.map(({ address, attempts }) => [address, attempts]),
    [['127.0.0.1:9002', 2]],
  );

  await asked[0]!.answer(CONTINUE);
  assert.deepEqual(front.ports, [9001, 9002]);
  assert.deepEqual(front.sent[1]!.request.headers.slice(-2), ['x-for', '127.0.0.1:9002']);
  front.sent[1]!.answer(201);

  assert.deepEqual([exchange.status, exchange.attempts], [201, 2]);
  assert.equal(exchange.instance?.address.text, '127.0.0.1:9002');
  assert.ok(front.sent[0]!.isAborted);
  assert.deepEqual(counts, { hedged: 1, won: 1, failed: 0 });
  assertAtRest(front);
});

test('an answer that comes before leaves nothing to think about', async () => {
  const { front, counts, asked } = start(2, `${HEDGE}\nbalance: peak-ewma`);
  const exchange = await front.receive();
  await front.pass(350);
  const other = front.cluster.instances.find(({ address }) => address.text === asked[0]!.address)!;
  assert.equal(other.inFlight, 1);

  front.sent[0]!.answer(201);
  await asked[0]!.answer(CONTINUE);
  await front.pass(10_000);

  assert.deepEqual([exchange.status, exchange.attempts], [201, 1]);
  assert.equal(exchange.instance?.address.text, `127.0.0.1:${front.ports[0]}`);
  assert.equal(front.sent.length, 1);
  assert.deepEqual(counts, { hedged: 0, won: 0, failed: 0 });
  assert.equal(other.latency.at(front.front.clock.time), 0, 'it was not asked, so it was not slow');
  assertAtRest(front);
});

for (const [what, end] of [
  ['says no', ({ answer }: Asked) => answer(CLOSE)],
  [
    'answers in its place',
    ({ answer }: Asked) => answer({ kind: 'respond', status: 403, headers: [], body: '' }),
  ],
  ['fails', ({ fail }: Asked) => fail(new Error('a mistake'))],
] as const) {
  test(`a module that ${what} ends nothing that is under way`, async () => {
    const { front, counts, asked } = start(2);
    const exchange = await front.receive();
    await front.pass(350);

    await end(asked[0]!);
    assert.equal(exchange.status, 0);
    assert.equal(exchange.instance?.address.text, '127.0.0.1:9001');
    front.sent[0]!.answer(201);

    assert.deepEqual([exchange.status, exchange.attempts, front.sent.length], [201, 1, 1]);
    assert.equal(counts.hedged, 0);
    assertAtRest(front);
  });
}

test('a module that takes too long ends nothing that is under way', async () => {
  const { front, counts } = start(2);
  const exchange = await front.receive();

  await front.pass(6000);
  assert.deepEqual([counts.failed, exchange.status], [1, 0]);
  front.sent[0]!.answer(201);

  assert.deepEqual([exchange.status, exchange.attempts], [201, 1]);
  assertAtRest(front);
});

test('when the first fails meanwhile, the request waits for the other', async () => {
  const { front, counts, asked } = start(2);
  const exchange = await front.receive();
  await front.pass(350);

  front.sent[0]!.fail(LOST, 'never');
  await turn();
  assert.deepEqual([exchange.status, front.sent.length], [0, 1]);
  await asked[0]!.answer(CONTINUE);
  front.sent[1]!.answer(201);

  assert.deepEqual([exchange.status, exchange.attempts], [201, 2]);
  assert.equal(exchange.instance?.address.text, '127.0.0.1:9002');
  assert.deepEqual(counts, { hedged: 0, won: 0, failed: 0 }, 'by then it stands beside nothing');
  assertAtRest(front, [0]);
});

test('when the first fails meanwhile, what modules say of the other is the answer', async () => {
  for (const [end, status] of [
    [({ answer }: Asked) => answer({ kind: 'respond', status: 403, headers: [], body: '' }), 403],
    [({ fail }: Asked) => fail(new Error('a mistake')), 500],
  ] as const) {
    const { front, asked } = start(2);
    const exchange = await front.receive();
    await front.pass(350);

    front.sent[0]!.fail(LOST, 'never');
    await end(asked[0]!);

    assert.deepEqual([exchange.status, front.sent.length], [status, 1]);
    assertAtRest(front, [0]);
  }
});

test('when the first fails meanwhile, too long is too long', async () => {
  const { front } = start(2);
  const exchange = await front.receive();
  await front.pass(350);

  front.sent[0]!.fail(LOST, 'never');
  await front.pass(6000);

  assert.deepEqual([exchange.status, exchange.error?.name], [503, 'module-timeout']);
  assertAtRest(front, [0]);
});

test('a client that goes ends both, and nothing comes of the promise', async () => {
  const { front, asked } = start(2);
  const exchange = await front.receive();
  await front.pass(350);

  exchange.sink!.requestFailed(exchangeError('client-gone', 'gone'));
  await asked[0]!.answer(CONTINUE);
  await front.pass(1000);

  assert.equal(front.sent.length, 1);
  assert.ok(front.sent[0]!.isAborted);
  assertAtRest(front);
});

test('the total ends both, and blames the first, which has had all the time', async () => {
  const { front, asked } = start(2, `${HEDGE}\ntimeouts: { total: 500ms }`);
  const exchange = await front.receive();

  await front.pass(650);
  await asked[0]!.answer(CONTINUE);

  assert.deepEqual([exchange.error?.name, front.sent.length], ['total-timeout', 1]);
  assertAtRest(front, [0]);
});

test('one more comes after the same time, which begins when this one is sent', async () => {
  const { front, asked } = start(3, 'hedge: { after: 200ms, max: 2 }');
  await front.receive();
  await front.pass(350);
  await front.pass(1000);
  assert.equal(asked.length, 1);

  await asked[0]!.answer(CONTINUE);
  await front.pass(350);

  assert.deepEqual(
    asked.map(({ attempts }) => attempts),
    [2, 3],
  );
  front.sent[1]!.answer();
  await asked[1]!.answer(CONTINUE);
  assert.equal(front.sent.length, 2);
  assertAtRest(front);
});

test('while modules think about the only attempt there is none beside it', async () => {
  const { front, asked } = start(3, `${HEDGE}\nretry: { on: [connection-lost] }`, () => true);
  const exchange = await front.receive();
  await asked[0]!.answer(CONTINUE);
  await front.pass(150);
  front.sent[0]!.fail(LOST, 'never');
  await turn();
  assert.equal(asked.length, 2);

  // The time of the first one is up, but that one is no more.
  await front.pass(1000);
  assert.equal(asked.length, 2);
  await asked[1]!.answer(CONTINUE);

  assert.deepEqual(front.sent[1]!.request.headers.slice(-2), ['x-for', asked[1]!.address]);
  front.sent[1]!.answer();
  assert.deepEqual([exchange.status, exchange.attempts], [200, 2]);
});
