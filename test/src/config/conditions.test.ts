import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseConfig } from '../../../src/config/load.ts';
import { problemsOf, settingsOf } from '../../support/configuration.ts';

function withRoutes(...routes: string[]): string {
  return [
    'listen: [{ address: ":80" }]',
    'clusters: { web: { instances: [{ address: "a:1" }] } }',
    'tenants:',
    '  t:',
    '    hosts: ["h"]',
    '    routes:',
    ...routes,
    '',
  ].join('\n');
}

it('a condition becomes part of its route as it was written', () => {
  const { tenants } = settingsOf(
    withRoutes(
      `      - { path: "/a", when: 'req_method_in("GET")', cluster: web }`,
      '      - { cluster: web }',
    ),
  );

  assert.deepEqual(
    tenants[0]?.routes.map(({ path, when }) => [path, when]),
    [
      ['/a', 'req_method_in("GET")'],
      [undefined, undefined],
    ],
  );
});

it('what is wrong with a condition is shown at its place within the text', () => {
  const wrong = (route: string) => problemsOf(withRoutes(route, '      - { cluster: web }'));

  assert.deepEqual(wrong(`      - { when: 'default_t() && req_metod_in("GET")', cluster: web }`), [
    '7:33 there is no condition "req_metod_in" (did you mean "req_method_in"?)',
  ]);
  assert.deepEqual(wrong('      - { when: "default_t() && req_port_in(\\"80|x\\")", cluster: web }'), [
    '7:45 "x" is not a port (ports are numbers from 1 to 65535)',
  ]);
  assert.deepEqual(wrong('      - { when: "req_port_in(\\"80\\") && x()", cluster: web }'), [
    '7:41 there is no condition "x"',
  ]);
  assert.deepEqual(wrong(`      - { when: 'req_ua_regmatch("it''s") && x()', cluster: web }`), [
    '7:46 there is no condition "x"',
  ]);
  assert.deepEqual(wrong('      - when: default_t() && default()\n        cluster: web'), [
    '7:30 there is no condition "default" (did you mean "default_t"?)',
  ]);
  assert.deepEqual(
    wrong('      - when: |\n          default_t()\n            && default_t\n        cluster: web'),
    ['9:16 default_t has no arguments (write default_t(…))'],
  );
});

it('a place that cannot be told is that of the condition', () => {
  const wrong = (route: string) => problemsOf(withRoutes(route, '      - { cluster: web }'));

  assert.deepEqual(wrong('      - when: >\n          default_t()\n          && x()\n        cluster: web'), [
    '7:15 there is no condition "x"',
  ]);
  assert.deepEqual(wrong('      - { when: "default_t()\\u0020&& x()", cluster: web }'), [
    '7:17 there is no condition "x"',
  ]);
  assert.deepEqual(wrong('      - when: default_t()\n          && x()\n        cluster: web'), [
    '7:15 there is no condition "x"',
  ]);
});

it('what is no text is no condition', () => {
  assert.deepEqual(problemsOf(withRoutes('      - { when: true, cluster: web }')), [
    '7:17 expected a condition such as req_method_in("POST"), but found true',
  ]);
  assert.match(
    problemsOf(withRoutes(`      - { when: '', cluster: web }`))[0]!,
    /^7:1\d a condition is missing/,
  );
});

it('what a route cannot look at is refused', () => {
  for (const [condition, why] of [
    ['res_code_in("200")', /looks at the response/],
    ['req_tag_match("a", "b")', /looks at tags/],
    ['req_context_value_in("a", "b", true)', /looks at what modules have noted/],
    ['req_host_tag_in("a")', /looks at tags of hosts/],
  ] as const) {
    const [problem] = problemsOf(withRoutes(`      - { when: '${condition}', cluster: web }`));
    assert.match(problem ?? '', why);
  }
});

it('routes may share host and path when their conditions differ', () => {
  const route = (condition: string) => `      - { path: "/a", ${condition}cluster: web }`;

  settingsOf(
    withRoutes(
      route(`when: 'a()', `).replace('a()', 'default_t()'),
      route(`when: '!default_t()', `),
      route(''),
    ),
  );
  assert.deepEqual(
    problemsOf(withRoutes(route("when: 'default_t()', "), route(''), route("when: 'default_t()', "))),
    ['9:9 the same host, path and condition as route 1 of this tenant: it would never be chosen'],
  );
});

it('a condition that BFE reads otherwise is worth a warning', () => {
  const result = parseConfig(
    withRoutes(
      `      - { when: 'default_t() || default_t() && req_method_in("GET")', cluster: web }`,
      `      - { when: 'default_t() || (default_t() && req_method_in("GET"))', cluster: web }`,
    ),
    'portico.yaml',
  );

  assert.ok(result.ok);
  assert.deepEqual(
    result.warnings.map(({ line, message, hint }) => [line, message, hint]),
    [
      [
        7,
        'BFE reads this condition as (default_t() || default_t()) && req_method_in("GET")',
        'to have it read everywhere as it is here: default_t() || (default_t() && req_method_in("GET"))',
      ],
    ],
  );
});

it('a condition that cannot be read costs an isolated tenant only', () => {
  const text = withRoutes(`      - { when: 'nonsense()', cluster: web }`).replace(
    'hosts:',
    'isolate: true\n    hosts:',
  );
  const result = parseConfig(
    `${text}  other:\n    hosts: ["o"]\n    routes: [{ cluster: web }]\n`,
    'portico.yaml',
  );

  assert.ok(result.ok);
  assert.deepEqual(
    result.warnings.map(({ line, column, message }) => [line, column, message]),
    [[8, 18, 'tenant t is left out: there is no condition "nonsense"']],
  );
});
