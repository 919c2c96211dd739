import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressBlocks } from '../../../src/core/address-blocks.ts';
import type { Module } from '../../../src/core/callback-points.ts';
import { ChainPlan, MAX_KEPT_CHAINS } from '../../../src/proxy/chain-plan.ts';
import type { Chains } from '../../../src/proxy/chains.ts';
import { type Condition, compileCondition } from '../../../src/route/condition/compile-condition.ts';
import { KNOWN_TO_MODULES } from '../../../src/route/condition/known-facts.ts';
import { RequestSubject } from '../../../src/route/request-subject.ts';
import { requestFacts } from '../../support/finished-exchange.ts';

test('the same conditions give the same chains, others give others', () => {
  const plan = new ChainPlan(
    [
      placed('always'),
      placed('beta', 'req_header_key_in("x-beta")'),
      placed('post', 'req_method_in("POST")'),
    ],
    quiet,
  );

  const plain = chainsFor(plan, []);
  const beta = chainsFor(plan, ['x-beta', '1']);

  assert.deepEqual(namesOf(plain), ['always']);
  assert.deepEqual(namesOf(beta), ['always', 'beta']);
  assert.equal(chainsFor(plan, ['x-other', '1']), plain);
  assert.equal(chainsFor(plan, ['x-beta', '2']), beta);
});

test('chains beyond the bound are made, and not kept', () => {
  const conditions = Array.from({ length: 7 }, (_, i) => placed(`m${i}`, `req_header_key_in("x-${i}")`));
  const plan = new ChainPlan(conditions, quiet);
  const headersOf = (set: number): string[] =>
    conditions.flatMap((_, i) => ((set >> i) & 1 ? [`x-${i}`, '1'] : []));

  const first = Array.from({ length: 128 }, (_, set) => chainsFor(plan, headersOf(set)));
  const again = first.map((_, set) => chainsFor(plan, headersOf(set)));

  assert.equal(first.filter((chains, set) => chains === again[set]).length, MAX_KEPT_CHAINS);
  assert.deepEqual(again.map(namesOf), first.map(namesOf));
});

test('tags are seen by the conditions behind them, and a module that fails at them is reported', () => {
  const failures: string[] = [];
  const plan = new ChainPlan(
    [
      placed('early', 'req_tag_match("kind", "robot")'),
      { module: { name: 'tagging', tag: () => ['kind', 'robot'] } },
      {
        module: {
          name: 'broken',
          tag() {
            throw new Error('a mistake');
          },
        },
      },
      placed('late', 'req_tag_match("kind", "robot")'),
    ],
    {
      answered() {},
      timed() {},
      waited() {},
      now: () => 0,
      failed: ({ name }, where) => void failures.push(`${name} ${where}`),
    },
  );

  assert.deepEqual(namesOf(chainsFor(plan, [])), ['tagging', 'broken', 'late']);
  assert.deepEqual(failures, ['broken tag']);
});

const quiet = {
  answered() {},
  timed() {},
  waited() {},
  now: () => 0,
  failed: (_: Module, __: string, error: unknown) => assert.fail(String(error)),
};

function placed(name: string, when?: string): { module: Module; condition: Condition | undefined } {
  const condition = when === undefined ? undefined : compileCondition(when, { known: KNOWN_TO_MODULES });
  assert.ok(!(condition instanceof Error));
  return { module: { name }, condition };
}

function chainsFor(plan: ChainPlan, headers: readonly string[]): Chains {
  const facts = requestFacts({ headers });
  const { session, head } = facts;
  const origin = { session, head, path: head.path, requestHeaders: headers };
  const clock = { wall: () => 0 };
  const subject = new RequestSubject(origin, 'shop.example.org', new AddressBlocks([]), clock);
  return plan.chainsFor({ ...facts, subject });
}

function namesOf({ modules }: Chains): string[] {
  return modules.map(({ name }) => name);
}
