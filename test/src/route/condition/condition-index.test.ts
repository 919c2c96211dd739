import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileCondition } from '../../../../src/route/condition/compile-condition.ts';
import { ConditionFault } from '../../../../src/route/condition/condition-fault.ts';
import { ConditionIndex } from '../../../../src/route/condition/condition-index.ts';
import { type SubjectFacts, subjectOf } from '../../../support/condition-subject.ts';

function indexOf(count: number, text: (i: number) => string): ConditionIndex<number> {
  return new ConditionIndex(
    Array.from({ length: count }, (_, value) => {
      const condition = compileCondition(text(value));
      if (condition instanceof ConditionFault) throw condition;
      return { condition, value };
    }),
  );
}

/** What is found, and how often the method was asked for: once for each condition that was looked at. */
function search(index: ConditionIndex<number>, facts: SubjectFacts): [number | undefined, number] {
  let asked = 0;
  const subject = Object.create(subjectOf(facts), {
    method: {
      get() {
        asked += 1;
        return facts.method ?? 'GET';
      },
    },
  });
  return [index.find(subject), asked];
}

const MANY = 10_000;

test('of many conditions only those are asked that a request has something in common with', () => {
  const sources: readonly (readonly [(i: number) => string, SubjectFacts])[] = [
    [(i) => `req_host_in("h${i}.org|x${i}.org")`, { host: 'x7777.org' }],
    [(i) => `req_host_suffix_in(".h${i}.org")`, { host: 'a.h7777.org' }],
    [(i) => `req_path_in("/p/${i}", true)`, { path: '/P/7777' }],
    [(i) => `req_path_prefix_in("/p/${i}/", false)`, { path: '/p/7777/x' }],
    [(i) => `req_path_element_prefix_in("/p/${i}", false)`, { path: '/p/7777' }],
    [(i) => `req_header_value_in("x", "u${i}", false)`, { headers: { x: 'u7777' } }],
    [(i) => `req_cookie_value_in("c", "u${i}", false)`, { headers: { cookie: 'c=u7777' } }],
    [(i) => `req_query_value_in("q", "u${i}", false)`, { url: '/?q=u7777' }],
    [(i) => `ses_tls_sni_in("h${i}.org")`, { serverName: 'h7777.org' }],
    [(i) => `(req_host_in("h${i}.org") || req_path_in("/${i}", false))`, { path: '/7777' }],
  ];
  for (const [condition, facts] of sources) {
    const index = indexOf(MANY, (i) => `req_method_in("POST") && ${condition(i)}`);

    assert.deepEqual(search(index, { ...facts, method: 'POST' }), [7777, 1], condition(0));
    assert.deepEqual(search(index, { ...facts, method: 'GET' }), [undefined, 1], condition(0));
    assert.deepEqual(search(index, { method: 'POST' }), [undefined, 0], condition(0));
  }
});

test('conditions without anything to look them up by are asked in their place among the others', () => {
  const index = indexOf(MANY, (i) => {
    if (i === 5000) return '!req_method_in("POST")';
    return `req_method_in("${i < 200 ? 'PUT' : 'GET'}") && req_host_in("h${i % 100}.org")`;
  });

  // 7 and 107, whose method is another, then 207.
  assert.deepEqual(search(index, { host: 'h7.org' }), [207, 3]);
  assert.deepEqual(search(index, { host: 'nobody.org' }), [5000, 1]);
});

test('sources beyond those that have a table are asked one by one, and nothing is missed', () => {
  const index = indexOf(1000, (i) => `req_header_value_in("x-${i % 50}", "v${i}", false)`);

  for (const i of [0, 15, 16, 49, 50, 517, 999]) {
    assert.equal(index.find(subjectOf({ headers: { [`x-${i % 50}`]: `v${i}` } })), i);
  }
  assert.equal(index.find(subjectOf({ headers: { 'x-0': 'v1' } })), undefined);
  const both = { 'x-49': 'v99', 'x-3': 'v103', 'x-2': 'v102' };
  assert.equal(index.find(subjectOf({ headers: both })), 99);
});
