import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../../src/config/load.ts';
import { problemsOf, settingsOf } from '../../support/configuration.ts';

/** A configuration with one module of the whole server, written from column 5 of line 2 on; » marks a place and is left out. */
function withModule(entry: string): string {
  return [
    'modules:',
    `  - ${entry.replace('»', '')}`,
    'listen: [{ address: ":8080" }]',
    'tenants: { a: { hosts: [a.example], routes: [{ cluster: web }] } }',
    'clusters: { web: { instances: [{ address: "127.0.0.1:1" }] } }',
  ].join('\n');
}

for (const [entry, problem] of [
  ['»{}', 'no module is named (give it one of headers, block, redirect, rewrite, respond, tag, use)'],
  ['{ block: { methods: [GET] }, »tag: { a: b } }', 'the entry has block and tag (make an entry of each)'],
  ['{ »blok: { methods: [GET] } }', 'unknown key "blok" (did you mean "block"?)'],
  ['{ when: "»req_foo()", tag: { a: b } }', 'there is no condition "req_foo"'],
  [
    `{ when: '»res_code_in("200")', tag: { a: b } }`,
    'res_code_in looks at the response, which is not there yet (it may stand at a module that changes headers of responses)',
  ],
  [
    `{ when: 'res_code_in("500")', headers: { response: { set: { a: b } }, »request: { set: { a: b } } } }`,
    'the condition looks at the response, and the request has gone out before there is one (make an entry of its own for what the request needs)',
  ],
  [
    `{ when: 'res_code_in("500") && »req_body_json_in("a", "b", false)', headers: { response: { set: { a: b } } } }`,
    'req_body_json_in looks at the body, which is gone when the response comes',
  ],
  ['{ block: »{} }', 'nothing is blocked (give it addresses, methods or paths)'],
  ['{ block: { methods: »[] } }', 'the list is empty: at least one entry is needed (or leave it out)'],
  ['{ block: { methods: [»post] } }', 'expected a method in capitals, but found "post" (write POST)'],
  [
    '{ headers: { request: { set: { »Host: a } } } }',
    '"host" is not changed here (the module rewrite sets the host)',
  ],
  ['{ headers: { request: { set: { »x-request-id: a } } } }', '"x-request-id" is set by Portico itself'],
  ['{ headers: { response: { delete: [»connection] } } }', '"connection" is set by Portico itself'],
  ['{ headers: { response: { rename: { a: »Date } } } }', '"Date" is set by Portico itself'],
  ['{ headers: { response: { set: { x: a, »X: b } } } }', 'the header "X" is given twice'],
  [
    '{ headers: { request: { set: { x: »"%{client_pi}" } } } }',
    'there is no variable "client_pi" (did you mean "client_ip"?)',
  ],
  ['{ headers: { request: { set: { x: »"%{instance}" } } } }', '%{instance} is known in responses only'],
  [
    '{ redirect: »{ status: 301 } }',
    'the redirect leads nowhere (give it to, or one of scheme, host, port, path, query)',
  ],
  ['{ redirect: { to: "/", »host: a.example } }', 'the redirect has to and host: only one is possible'],
  [
    '{ redirect: { to: »"https://a.example%{header:x}" } }',
    'the host would be for the client to choose (end it with a slash before the variable; %{host} is fine)',
  ],
  [
    '{ redirect: { to: »"%{query:next}" } }',
    'expected an http or https URL, or a path such as /new, but found "%{query:next}"',
  ],
  [
    '{ redirect: { to: »"//evil.example" } }',
    'expected an http or https URL, or a path such as /new, but found "//evil.example"',
  ],
  [
    '{ redirect: { path: »"/a%{uri}" } }',
    'expected a path such as /new or /new%{path}, but found "/a%{uri}" (the query is kept by itself: write %{path})',
  ],
  ['{ rewrite: »{} }', 'nothing is rewritten (give it a host, a path or a query)'],
  ['{ rewrite: { trimPrefix: »/a/ } }', 'expected whole segments of a path, such as /api, but found "/a/"'],
  ['{ rewrite: { replace: { pattern: »"(a", with: b } } }', 'error parsing regexp: missing closing ): `(a`'],
  [
    '{ rewrite: { replace: { pattern: »"(a)", with: "$2" } } }',
    '$2 stands for a group that the pattern does not have',
  ],
  ['{ rewrite: { host: »"a b" } }', 'expected a host with an optional port, but found "a b"'],
  ['{ respond: { status: 204, body: »x } }', 'a 204 answer has no body (leave body out)'],
  ['{ tag: { »"a b": c } }', '"a b" cannot be a tag (letters, digits, ".", "_" and "-", at most 64)'],
  ['{ tag: »{} }', 'nothing is tagged (write name: value)'],
] as const) {
  test(`${entry} is refused, with its place`, () => {
    assert.deepEqual(problemsOf(withModule(entry)), [`2:${5 + entry.indexOf('»')} ${problem}`]);
  });
}

for (const [what, entry, problem] of [
  [
    'modules',
    Array.from({ length: 33 }, () => '{ tag: { a: b } }').join('\n  - '),
    '2:3 the list has more than 32 entries',
  ],
  [
    'changes of headers',
    `{ headers: { request: { delete: [${Array.from({ length: 101 }, (_, i) => `h${i}`).join()}] } } }`,
    '2:27 there are more than 100 changes',
  ],
  [
    'blocked addresses',
    `{ block: { addresses: [${Array.from({ length: 1001 }, (_, i) => `10.0.${i >> 8}.${i & 255}`).join()}] } }`,
    '2:27 the list has more than 1000 entries',
  ],
  [
    'tags',
    `{ tag: { ${Array.from({ length: 17 }, (_, i) => `t${i}: x`).join()} } }`,
    '2:12 there are more than 16 tags',
  ],
  [
    'characters of a text',
    `{ headers: { response: { set: { x: ${'a'.repeat(8193)} } } } }`,
    '2:40 the text has more than 8192 characters',
  ],
  [
    'changes of a query',
    `{ rewrite: { query: { keep: [${Array.from({ length: 101 }, (_, i) => `q${i}`).join()}] } } }`,
    '2:25 there are more than 100 changes',
  ],
] as const) {
  test(`too many ${what} are refused`, () => {
    assert.deepEqual(problemsOf(withModule(entry)), [problem]);
  });
}

test('modules stand where they are written, with their place and their condition', () => {
  const { modules, tenants } = settingsOf(`
listen: [{ address: ":8080" }]
modules: [{ tag: { a: b } }]
tenants:
  a:
    hosts: [a.example]
    modules: [{ when: 'req_tag_match("a", "b")', block: { methods: [PUT] } }]
    routes: [{ cluster: web, modules: [{ respond: { status: 200, headers: { X-A: b } } }] }]
clusters: { web: { instances: [{ address: "127.0.0.1:1" }] } }
`);

  assert.deepEqual(modules, [{ place: 'modules[0]', module: { kind: 'tag', tags: [['a', 'b']] } }]);
  assert.deepEqual(tenants[0]?.modules, [
    {
      place: 'tenants.a.modules[0]',
      when: 'req_tag_match("a", "b")',
      module: { kind: 'block', addresses: [], methods: ['PUT'], paths: [], answer: 'refuse' },
    },
  ]);
  assert.deepEqual(tenants[0]?.routes[0]?.modules, [
    {
      place: 'tenants.a.routes[0].modules[0]',
      module: { kind: 'respond', status: 200, headers: [['x-a', 'b']], body: '' },
    },
  ]);
});

test('a condition that BFE reads otherwise is worth a warning here too', () => {
  const entry = `{ when: 'default_t() || default_t() && req_method_in("GET")', tag: { a: b } }`;

  const result = parseConfig(withModule(entry), 'portico.yaml');

  assert.ok(result.ok);
  assert.deepEqual(
    result.warnings.map(({ path, message }) => [path, message]),
    [['modules[0].when', 'BFE reads this condition as (default_t() || default_t()) && req_method_in("GET")']],
  );
});

test('a bad module of an isolated tenant costs that tenant only', () => {
  const yaml = withModule('{ tag: { a: b } }').replace(
    'tenants: {',
    'tenants: { b: { isolate: true, hosts: [b.example], modules: [{}], routes: [{ cluster: web }] },',
  );

  const { tenants } = settingsOf(yaml);

  assert.deepEqual(
    tenants.map(({ name, routes }) => [name, routes[0]?.target.kind]),
    [
      ['b', 'respond'],
      ['a', 'cluster'],
    ],
  );
});
