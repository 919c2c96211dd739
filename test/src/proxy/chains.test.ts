import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ResponseHead } from '../../../protocols/http/message.ts';
import {
  type Answer,
  CALLBACK_POINTS,
  CLOSE,
  CONTINUE,
  FINISH,
  type Module,
  type ReceivedExchange,
  type RespondingExchange,
} from '../../../src/core/callback-points.ts';
import { Chains, type ModuleWatch } from '../../../src/proxy/chains.ts';
import { finishedExchange, requestFacts, requestHead, session } from '../../support/finished-exchange.ts';

const EXCHANGE = { path: '/' } as unknown as ReceivedExchange;

test('a point that no module uses has nothing to be called', () => {
  const chains = new Chains(
    [{ name: 'none' }, { name: 'one', handlers: { accept: () => CONTINUE } }],
    noFailure,
  );

  assert.deepEqual(
    CALLBACK_POINTS.filter((point) => chains.has(point)),
    ['accept'],
  );
});

test('handlers are asked in order until one answers something else than continue', () => {
  const asked: string[] = [];
  const module = (name: string, answer: typeof CONTINUE | typeof FINISH): Module => ({
    name,
    handlers: {
      beforeLocation() {
        asked.push(name);
        return answer;
      },
    },
  });

  const finish = new Chains([module('a', CONTINUE), module('b', FINISH), module('c', CONTINUE)], noFailure);
  const through = new Chains([module('d', CONTINUE), module('e', CONTINUE)], noFailure);

  assert.equal(finish.ask('beforeLocation', EXCHANGE), FINISH);
  assert.equal(through.ask('beforeLocation', EXCHANGE), CONTINUE);
  assert.deepEqual(asked, ['a', 'b', 'd', 'e']);
});

test('a handler may use what stands beside it', () => {
  const handlers = {
    answer: CLOSE,
    accept(): typeof CLOSE {
      return this.answer;
    },
  };

  assert.equal(new Chains([{ name: 'm', handlers }], noFailure).ask('accept', session()), CLOSE);
});

test('a handler that throws ends its chain, and is reported with its module and point', () => {
  const failures: unknown[] = [];
  const fault = new Error('a mistake');
  const chains = new Chains(
    [
      {
        name: 'broken',
        handlers: {
          beforeLocation() {
            throw fault;
          },
        },
      },
      { name: 'behind', handlers: { beforeLocation: () => assert.fail('asked') } },
    ],
    {
      answered() {},
      timed() {},
      waited() {},
      now: () => 0,
      failed: ({ name }, where, error) => failures.push([name, where, error]),
    },
  );

  assert.equal(chains.ask('beforeLocation', EXCHANGE), undefined);
  assert.deepEqual(failures, [['broken', 'beforeLocation', fault]]);
});

test('everybody is told of an end, whatever the others do', () => {
  const told: string[] = [];
  const failures: string[] = [];
  const module = (name: string): Module => ({
    name,
    handlers: {
      finish() {
        told.push(name);
        throw new Error('a mistake');
      },
    },
    refused() {
      told.push(`${name} refused`);
      throw new Error('a mistake');
    },
  });
  const chains = new Chains([module('a'), module('b')], {
    answered() {},
    timed() {},
    waited() {},
    now: () => 0,
    failed: ({ name }, where) => failures.push(`${name} ${where}`),
  });

  chains.tell('finish', session());
  chains.refused(session());

  assert.deepEqual(told, ['a', 'b', 'a refused', 'b refused']);
  assert.deepEqual(failures, ['a finish', 'b finish', 'a refused', 'b refused']);
});

test('the failure of a promise that nobody waits for is reported, at the point that it was made', async () => {
  const failures: unknown[] = [];
  const fault = new Error('a mistake');
  const module: Module = {
    name: 'late',
    handlers: {
      async finish() {
        throw fault;
      },
      async requestFinish() {},
    },
  };
  const chains = new Chains([module], {
    ...noFailure,
    failed: ({ name }, where, error) => failures.push([name, where, error]),
  });

  chains.tell('finish', session());
  chains.tell('requestFinish', finishedExchange({}));
  await new Promise((resolve) => setImmediate(resolve));

  assert.deepEqual(failures, [['late', 'finish', fault]]);
});

test('the first module that decides is named with its answer, and told of when that is carried out', () => {
  const answers: string[] = [];
  const deciding = (name: string, answer: Answer): Module => ({ name, decide: () => answer });
  const watch: ModuleWatch = {
    ...noFailure,
    answered: ({ name }, where, answer) => answers.push(`${name} ${where} ${answer}`),
  };
  const chains = new Chains(
    [{ name: 'none' }, deciding('a', CONTINUE), deciding('b', CLOSE), deciding('c', FINISH)],
    watch,
  );

  const decision = chains.decide(requestFacts())!;
  assert.deepEqual([decision.module?.name, decision.answer], ['b', CLOSE]);
  assert.deepEqual(answers, []);
  chains.decided(decision);
  chains.decided(new Chains([deciding('a', CONTINUE)], watch).decide(requestFacts())!);

  assert.deepEqual(answers, ['b decide close']);
});

test('of the calls one in sixteen is timed, at every point that a request passes', () => {
  const timed = new Map<string, number>();
  const points = ['beforeLocation', 'foundTenant', 'afterLocation', 'forward'] as const;
  let time = 0;
  const answer = () => {
    time += 3;
    return CONTINUE;
  };
  const handlers = Object.fromEntries(points.map((point) => [point, answer]));
  const chains = new Chains([{ name: 'm', handlers }], {
    ...noFailure,
    now: () => time,
    timed: ({ name }, point, ms) => {
      assert.deepEqual([name, ms], ['m', 3]);
      timed.set(point, (timed.get(point) ?? 0) + 1);
    },
  });

  for (let i = 0; i < 16_000; i++)
    for (const point of points) chains.ask(point as 'forward', EXCHANGE as never);

  for (const point of points) {
    const share = timed.get(point)! / 1000;
    assert.ok(share > 0.8 && share < 1.2, `${point}: ${share}`);
  }
});

test('of a promise the chain says whose it is, and goes on behind it with what it has brought', () => {
  const asked: string[] = [];
  const module = (name: string, answer: Answer | PromiseLike<Answer>): Module => ({
    name,
    handlers: {
      beforeLocation() {
        asked.push(name);
        return answer;
      },
    },
  });
  const promise = Promise.resolve(CONTINUE);
  const chains = new Chains([module('a', CONTINUE), module('b', promise), module('c', FINISH)], noFailure);

  const pending = chains.ask('beforeLocation', EXCHANGE);

  assert.ok(pending?.kind === 'pending');
  assert.deepEqual([pending.module.name, pending.point, pending.answer], ['b', 'beforeLocation', promise]);
  assert.deepEqual(asked, ['a', 'b']);
  assert.equal(chains.answered(pending, EXCHANGE, CLOSE), CLOSE);
  assert.deepEqual(asked, ['a', 'b']);
  assert.equal(chains.answered(pending, EXCHANGE, CONTINUE), FINISH);
  assert.deepEqual(asked, ['a', 'b', 'c']);
});

test('each rewriting goes on from what the one before has left', () => {
  const module = (name: string): Module => ({
    name,
    rewriteRequest: (_session, _head, headers) => [...headers, 'x', name],
    rewriteResponse: (_head, headers) => [...headers, 'y', name],
  });
  const chains = new Chains([module('a'), { name: 'none' }, module('b')], noFailure);

  assert.deepEqual(chains.rewriteRequest(session(), requestHead(), ['z', '1'], requestFacts()), [
    'z',
    '1',
    'x',
    'a',
    'x',
    'b',
  ]);
  assert.deepEqual(chains.rewriteResponse(responding(), new ResponseHead(200, '', [], 0)), [
    'y',
    'a',
    'y',
    'b',
  ]);
});

const noFailure: ModuleWatch = {
  answered() {},
  timed() {},
  waited() {},
  now: () => 0,
  failed: ({ name }) => assert.fail(`${name} failed`),
};

function responding(): RespondingExchange {
  return { ...finishedExchange(), facts: requestFacts() };
}
