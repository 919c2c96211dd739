import { bench, do_not_optimize, run, summary } from 'mitata';
import { compileCondition } from '../../src/route/condition/compile-condition.ts';
import { ConditionFault } from '../../src/route/condition/condition-fault.ts';
import { type ConditionalValue, ConditionIndex } from '../../src/route/condition/condition-index.ts';
import { subjectOf } from '../../test/support/condition-subject.ts';

/**
 * What one condition costs, what 1,000 conditions cost that are all asked, and what 10,000 cost that share a source and come
 * through the index. Run: node bench/micro/conditions.ts
 */
const USER_AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36';
const subject = subjectOf({
  host: 'shop9999.example.org',
  url: '/api/v1/items/17?page=2&sort=asc',
  headers: { 'user-agent': USER_AGENT, 'x-uid': 'user-0123456789', cookie: 'a=1; session=abcdef' },
  client: '192.0.2.7',
});

for (const text of [
  'req_host_in("shop1.example.org|shop2.example.org")',
  'req_method_in("POST") && req_header_value_in("x-beta", "1", false)',
  'req_path_prefix_in("/static/|/img/|/css/", false)',
  'req_path_regmatch(`\\.(jpg|png|gif)$`)',
  'req_ua_regmatch(`(?i)iphone|android`)',
  'req_header_value_hash_in("x-uid", "0-99", false)',
  'req_cip_range("10.0.0.0", "10.255.255.255")',
  'req_cookie_value_in("session", "x", false) || req_query_value_in("page", "1", false)',
]) {
  const [{ condition }] = rules(1, () => text) as [ConditionalValue<number>];
  bench(text, () => do_not_optimize(condition.holds(subject)));
}

summary(() => {
  for (const [what, text] of [
    ['negated methods, all asked', (i: number) => `!req_method_in("GET|M${i}")`],
    ['parts of the path, all asked', (i: number) => `req_path_contain("/part${i}/", true)`],
    ['patterns, all asked', (i: number) => `req_path_regmatch("^/api/v[0-9]+/part${i}/")`],
  ] as const) {
    const index = new ConditionIndex(rules(1000, text));
    bench(`1,000 ${what}`, () => do_not_optimize(index.find(subject)));
  }
});

summary(() => {
  for (const count of [10, 10_000]) {
    for (const [what, text] of [
      ['hosts', (i: number) => `req_host_in("shop${i}.example.org") && req_method_in("POST")`],
      ['ends of hosts', (i: number) => `req_host_suffix_in("${i}.example.org") && req_method_in("POST")`],
      ['paths', (i: number) => `req_path_prefix_in("/api/v1/items/${i}/", false)`],
      ['headers', (i: number) => `req_header_value_in("x-uid", "user-${i}", false)`],
    ] as const) {
      const index = new ConditionIndex(rules(count, text));
      bench(`${count} ${what}, indexed`, () => do_not_optimize(index.find(subject)));
    }
  }
});

bench('compile 1,000 conditions', () => {
  do_not_optimize(rules(1000, (i) => `req_host_in("shop${i}.example.org") && !req_method_in("POST")`));
});

await run();

function rules(count: number, text: (i: number) => string): ConditionalValue<number>[] {
  return Array.from({ length: count }, (_, value) => {
    const condition = compileCondition(text(value));
    if (condition instanceof ConditionFault) throw condition;
    return { condition, value };
  });
}
