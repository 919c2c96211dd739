import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RewriteSettings } from '../../../../src/core/module-settings.ts';
import { createRewrite } from '../../../../src/modules/rewrite/rewrite.ts';
import { requestFacts } from '../../../support/finished-exchange.ts';

type Changes = Partial<Omit<RewriteSettings, 'kind' | 'query'>> & {
  readonly query?: Partial<RewriteSettings['query']>;
};

function settings({ query, ...changes }: Changes): RewriteSettings {
  return {
    kind: 'rewrite',
    host: undefined,
    path: undefined,
    trimPrefix: undefined,
    replace: undefined,
    addPrefix: undefined,
    query: { keep: undefined, delete: [], rename: [], add: [], ...query },
    ...changes,
  };
}

function rewritten(changes: Changes, path: string, headers: readonly string[] = []) {
  const facts = requestFacts({ path, headers, authority: 'a.example:80' });
  return createRewrite(settings(changes)).rewriteTarget!(facts, { authority: facts.head.authority, path });
}

for (const [changes, sent, expected] of [
  [{ path: '/new' }, '/old?q', '/new?q'],
  [{ path: '/new%{path}' }, '/old', '/new/old'],
  [{ path: '/%{header:x}' }, '/', '/a%20b%3Fc'],
  [{ path: '/"<%{path}>\\%4%41%' }, '/a', '/%22%3C/a%3E%5C%254%41%25'],
  [{ trimPrefix: '/api' }, '/api/x?q', '/x?q'],
  [{ trimPrefix: '/api' }, '/api', '/'],
  [{ trimPrefix: '/api' }, '/api?q', '/?q'],
  [{ trimPrefix: '/api' }, '/api/', '/'],
  [{ trimPrefix: '/api' }, '/apix', '/apix'],
  [{ trimPrefix: '/api' }, '/%61pi/x', '/x'],
  [{ trimPrefix: '/api' }, '/x/../api/y', '/y'],
  [{ trimPrefix: '/api' }, '/%41/%2f', '/%41/%2f'],
  [{ addPrefix: '/v2' }, '/x?q', '/v2/x?q'],
  [{ trimPrefix: '/api', addPrefix: '/v2' }, '/api', '/v2/'],
  [{ replace: { pattern: '^/u/([^/]+)/(.*)$', with: '/users/$1?$2' } }, '/u/a/b', '/users/a%3Fb'],
  [{ replace: { pattern: '^/u/([^/]+)/(.*)$', with: '/users/$1/$2' } }, '/x/a/b', '/x/a/b'],
  [{ replace: { pattern: 'o', with: '0' } }, '/foo/foo', '/f0o/foo'],
  [{ replace: { pattern: '^/', with: '' } }, '/a', '/a'],
  [{ replace: { pattern: '(b)|(c)', with: '[$1$2]$$$0' } }, '/c', '/[c]$c'],
  [{ query: { delete: ['a'] } }, '/?a=1&b=2&a', '/?b=2'],
  [{ query: { delete: ['a b', 'x'] } }, '/?a+b=1&a%20b=2&%78=3&%zz=4', '/?%zz=4'],
  [{ query: { keep: ['b'] } }, '/?a=1&b=%20&c', '/?b=%20'],
  [{ query: { keep: [] } }, '/?a=1', '/'],
  [{ query: { rename: [['a', 'n m']] } }, '/?a=1&a&b=%2B', '/?n%20m=1&n%20m&b=%2B'],
  [{ query: { add: [['via', '%{header:x}&']] } }, '/', '/?via=a%20b?c%26'],
  [{ query: { add: [['b', '%{query:a}']] } }, '/?a=%26', '/?a=%26&b=%26'],
  [{ query: { delete: ['a'] } }, '/?b&&c=', '/?b&&c='],
] as const) {
  test(`${JSON.stringify(changes)} makes ${expected} of ${sent}`, () => {
    assert.equal(rewritten(changes, sent, ['x', 'a b?c']).path, expected);
  });
}

test('another host, unless what a client has chosen is none', () => {
  assert.equal(rewritten({ host: 'b.internal:8080' }, '/').authority, 'b.internal:8080');
  assert.equal(rewritten({ host: '%{header:x}.internal' }, '/', ['x', 'b']).authority, 'b.internal');
  assert.equal(rewritten({ host: '%{header:x}.internal' }, '/', ['x', 'b c']).authority, 'a.example:80');
  assert.equal(rewritten({ path: '/x' }, '/').authority, 'a.example:80');
});

test('whatever a client sends, a path that can stand in a request line comes out, and its query stays apart', () => {
  const octets = fc.string({
    unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
  });
  const visible = fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
  });
  const changes: Changes[] = [
    { path: '/%{header:x}' },
    { trimPrefix: '/a', addPrefix: '/b' },
    { replace: { pattern: '(.)$', with: '?$1' } },
    { query: { add: [['x', '%{header:x}']] } },
  ];
  fc.assert(
    fc.property(visible, octets, (path, value) => {
      for (const change of changes) {
        const made = rewritten(change, `/${path}`, ['x', value]).path;
        assert.match(made, /^\/[\x21-\x7e]*$/);
        if (change.query === undefined) assert.equal(queryOf(made), queryOf(`/${path}`));
      }
    }),
  );
});

function queryOf(path: string): string {
  const question = path.indexOf('?');
  return question < 0 ? '' : path.slice(question);
}
