import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainQuery } from '../../../src/explain/explain-query.ts';
import { Explainer } from '../../../src/explain/explainer.ts';
import { settingsOf } from '../../support/configuration.ts';

const explainer = new Explainer(
  settingsOf(`listen: [{ address: ":1" }]
tenants:
  a:
    hosts: [a.example]
    vips: [10.1.2.3]
    routes:
      - { path: /b, when: 'req_header_value_in("x-b", "1", false) && req_header_value_in("x-c", "2", false)', respond: { status: 204 } }
      - { path: /n, when: 'req_cip_range("10.0.0.0", "10.0.0.9") && req_method_in("PUT")', respond: { status: 206 } }
      - { path: /t, when: 'bfe_periodic_time_range("010000Z", "045959Z", "")', respond: { status: 207 } }
      - { path: /j, when: 'req_method_in("POST") && req_body_json_in("0.a", "+", false)', respond: { status: 208 } }
      - { respond: { status: 404 } }
`),
);

function ask(query: string) {
  return explainQuery(explainer, new URLSearchParams(query));
}

function statusOf(query: string): number | undefined {
  const answer = ask(query);
  assert.ok(answer.ok, JSON.stringify(answer));
  return answer.decision.answer?.status;
}

test('a query asks for everything that a request may have', () => {
  assert.equal(statusOf('url=http://a.example/b&header=x-b:1&header=X-C:+2'), 204);
  assert.equal(statusOf('url=http://a.example/b&header=x-b:1%0D%0A%0D%0Ax-c:2'), 204, 'a line for each');
  assert.equal(statusOf('url=http://a.example/b&header=x-b:1'), 404);
  assert.equal(statusOf('url=http://nobody.example/n&method=PUT&clientIp=10.0.0.1&vip=::ffff:10.1.2.3'), 206);
  assert.equal(statusOf('url=http://a.example/t&at=2026-12-24T02:00:00Z'), 207);
  assert.equal(
    statusOf('url=http://a.example/t&at=2026-12-24T12:00:00Z&sni=&method=&data='),
    404,
    'empty fields',
  );
  assert.equal(statusOf('url=http://a.example/j&data=[{"a":"%2B"}]'), 208);
  assert.equal(statusOf('url=http://a.example/j&data=[{"a":"%2B"}]&method=PUT'), 404);
});

test('an answer has the decision and the report of the command line', () => {
  const answer = ask('url=http://a.example/t&at=2026-12-24T02:00:00Z');

  assert.ok(answer.ok);
  assert.equal(answer.decision.route, '/t when #3');
  assert.equal(answer.decision.dependsOnTime, true);
  assert.equal(answer.decision.routes.length, 5);
  assert.match(answer.report, /^tenant +a \(exact host a\.example\)$/m);
});

for (const [query, problem] of [
  ['', /name a request: \/explain\?url=/],
  ['method=GET', /name a request/],
  ['url=a.example', /not an http or https URL/],
  ['url=/b', /not an http or https URL/],
  ['url=http://a.example/&clientIp=x', /not an IP address: x/],
  ['url=http://a.example/&vip=10.1', /not an IP address: 10\.1/],
  ['url=http://a.example/&at=now', /not a time with its zone/],
  ['url=http://a.example/&header=x', /not a header/],
  ['url=http://a.example/&header=x:a%00b', /not a header/],
  ['url=http://a.example/&sni=a.example', /SNI needs an https URL/],
  ['url=http://a.example/&headers=x:1', /there is no "headers" here: it is one of url, method, header/],
] as const) {
  test(`what is wrong with a query is said: ${query}`, () => {
    const answer = ask(query);

    assert.ok(!answer.ok);
    assert.match(answer.problem, problem);
  });
}
