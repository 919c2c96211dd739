import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { http2Fault } from '../../protocols/http2/errors.ts';
import { CONNECTION_WINDOW, Http2Pair } from '../support/http2-pair.ts';

type Act = (pair: Http2Pair, which: number, amount: number) => void;

function pick<T>(list: readonly T[], which: number, act: (one: T) => void): void {
  if (list.length > 0) act(list[which % list.length]!);
}

const SETTINGS_OF_WINDOWS = [0, 1, 100, 16_384, 65_536];

/** What may happen at any time; how often is in how often it stands in the list below. */
const ACTS: Readonly<Record<string, Act>> = {
  get: (pair) => pair.ask(false),
  post: (pair) => pair.ask(true),
  'send up': (pair, which, amount) => pick(pair.responses, which, (one) => pair.sendUp(one, amount)),
  'end up': (pair, which, amount) =>
    pick(pair.responses, which, (one) => pair.endUp(one, amount % 2 ? ['x-a', 'b'] : [])),
  'stream up': (pair, which, amount) => pick(pair.responses, which, (one) => pair.stream(one, 20 * amount)),
  'stream down': (pair, which, amount) => pick(pair.requests, which, (one) => pair.stream(one, 20 * amount)),
  'read down': (pair, which) => pick(pair.responses.filter(canRead), which, (one) => one.read()),
  'resume down': (pair, which) => pick(pair.responses.filter(canRead), which, (one) => one.resume()),
  'pause down': (pair, which) =>
    pick(pair.responses, which, (one) => {
      one.takes = false;
    }),
  'give up': (pair, which) => pick(pair.responses, which, (one) => pair.giveUp(one)),
  answer: (pair, which) => pick(pair.requests, which, (one) => pair.answer(one)),
  'send down': (pair, which, amount) => pick(pair.requests, which, (one) => pair.sendDown(one, amount)),
  'end down': (pair, which, amount) =>
    pick(pair.requests, which, (one) => pair.endDown(one, amount % 2 ? ['x-a', 'b'] : [])),
  'read up': (pair, which) => pick(pair.requests.filter(canRead), which, (one) => one.read()),
  'resume up': (pair, which) => pick(pair.requests.filter(canRead), which, (one) => one.resume()),
  'pause up': (pair, which) =>
    pick(pair.requests, which, (one) => {
      one.takes = false;
    }),
  cut: (pair, which) => pick(pair.requests, which, (one) => pair.giveUp(one)),
  'client windows': (pair, which) =>
    pair.tell('client', [['INITIAL_WINDOW_SIZE', SETTINGS_OF_WINDOWS[which % 5]!]]),
  'server windows': (pair, which) =>
    pair.tell('server', [['INITIAL_WINDOW_SIZE', SETTINGS_OF_WINDOWS[which % 5]!]]),
  'client table': (pair, which, amount) =>
    pair.tell('client', [['HEADER_TABLE_SIZE', (which * amount) % 4097]]),
  'server table': (pair, which, amount) =>
    pair.tell('server', [['HEADER_TABLE_SIZE', (which * amount) % 4097]]),
  'server streams': (pair, which) => pair.tell('server', [['MAX_CONCURRENT_STREAMS', which % 8]]),
  'stop requests': (pair) => pair.server.engine.stopRequests(),
  flush: (pair) => pair.flush(),
  'arrive up': (pair, _which, amount) => pair.up.deliver(amount),
  'arrive down': (pair, _which, amount) => pair.down.deliver(amount),
};

function canRead(one: {
  readonly isGivenUp: boolean;
  readonly fault: unknown;
  readonly head?: unknown;
}): boolean {
  return !one.isGivenUp && one.fault === undefined && (!('clientSink' in one) || one.head !== undefined);
}

const OFTEN = [
  'stream up',
  'stream down',
  'post',
  'send up',
  'send down',
  'answer',
  'flush',
  'flush',
  'arrive up',
  'arrive up',
  'arrive down',
  'arrive down',
  'read up',
  'read down',
  'resume up',
  'resume down',
];

const step = fc.record({
  act: fc.oneof(fc.constantFrom(...Object.keys(ACTS)), fc.constantFrom(...OFTEN)),
  which: fc.nat(20),
  amount: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 40_000 })),
});

function run(steps: readonly { act: string; which: number; amount: number }[]): Http2Pair {
  const pair = new Http2Pair();
  for (const { act, which, amount } of steps) {
    ACTS[act]!(pair, which, amount);
    pair.check();
  }
  return pair;
}

test('two engines bring everything across, whatever happens between, and keep nothing', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: 'max' }), (steps) => {
      const pair = run(steps);
      pair.finish();
      pair.check();
      for (const { engine } of [pair.client, pair.server]) {
        assert.equal(engine.streams.size, 0);
        assert.equal(engine.queuedBytes, 0);
      }
      for (const one of [...pair.responses, ...pair.requests])
        assert.ok(one.isEnded || one.isGivenUp || one.fault !== undefined || one.stream.isClosed);
      for (const response of pair.responses) {
        const request = pair.server.requests.get(response.stream.id);
        const isUndisturbed =
          !response.isGivenUp &&
          request !== undefined &&
          !request.isGivenUp &&
          request.fault === undefined &&
          response.fault === undefined;
        if (isUndisturbed) assert.ok(response.isEnded, `stream ${response.stream.id} has its answer`);
        if (response.fault !== undefined) assert.ok(request === undefined || request.isGivenUp);
      }
      assert.equal(refilled(pair, 'up'), CONNECTION_WINDOW);
      assert.equal(refilled(pair, 'down'), CONNECTION_WINDOW);
    }),
    { numRuns: 400 },
  );
});

test('no stream outlives its connection', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), fc.boolean(), (steps, byFault) => {
      const pair = run(steps);
      const fault = http2Fault('reset-by-peer');
      if (byFault) {
        pair.server.engine.fault('bad-setting');
        pair.settle();
        assert.deepEqual(pair.client.goaways, [
          { lastStreamId: pair.client.goaways[0]?.lastStreamId, code: 1 },
        ]);
      } else pair.server.engine.stop(fault);
      pair.client.engine.stop(fault);
      for (const { engine } of [pair.client, pair.server]) {
        assert.equal(engine.streams.size, 0);
        assert.equal(engine.queuedBytes, 0);
      }
    }),
    { numRuns: 200 },
  );
});

/** The window of a direction when it was given back: whole, unless some of it was lost. */
function refilled(pair: Http2Pair, direction: 'up' | 'down'): number {
  const pipe = pair[direction];
  pair.ask(direction === 'up');
  pair.settle();
  const response = pair.responses.at(-1)!;
  const request = pair.requests.at(-1)!;
  request.read();
  pair.answer(request);
  pair.settle();
  response.read();
  for (;;) {
    const left = pipe.window - 1000;
    if (left < 0) return pipe.window;
    if (direction === 'up') pair.sendUp(response, 1000);
    else pair.sendDown(request, 1000);
    pair.settle();
    if (pipe.window > left) break;
  }
  const { window } = pipe;
  pair.giveUp(response);
  pair.settle();
  return window;
}
