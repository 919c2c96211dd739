import assert from 'node:assert/strict';
import { test } from 'node:test';
import { routingPath } from '../../../src/route/routing-path.ts';

const PATHS: readonly (readonly [sent: string, routed: string])[] = [
  ['/', '/'],
  ['/a/b', '/a/b'],
  ['*', '*'],
  ['', ''],
  // query
  ['/a?b=/../c', '/a'],
  ['/a?', '/a'],
  ['/a?b?c', '/a'],
  ['/a%3fb?c', '/a%3Fb'],
  // dot-segments (the examples of RFC 3986, section 5.2.4, and its edges)
  ['/a/b/c/./../../g', '/a/g'],
  ['/a/./b', '/a/b'],
  ['/a/.', '/a/'],
  ['/a/..', '/'],
  ['/a/b/..', '/a/'],
  ['/a/b/../', '/a/'],
  ['/..', '/'],
  ['/.', '/'],
  ['/../../etc/passwd', '/etc/passwd'],
  ['/a//../b', '/a/b'],
  ['/.hidden', '/.hidden'],
  ['/..a/b..', '/..a/b..'],
  ['/.../a', '/.../a'],
  // escapes of unreserved characters
  ['/%61%2D%2e%5f%7E%41%39', '/a-._~A9'],
  ['/public/%2e%2e/admin', '/admin'],
  ['/public/.%2E/admin', '/admin'],
  ['/a/%2e', '/a/'],
  // escapes that mean something else than the character
  ['/a%2fb', '/a%2Fb'],
  ['/public/..%2fadmin', '/public/..%2Fadmin'],
  ['/%252e%252e/a', '/%252e%252e/a'],
  ['/caf%c3%a9', '/caf%C3%A9'],
  ['/a%00b', '/a%00b'],
  // malformed escapes
  ['/a%', '/a%'],
  ['/a%4', '/a%4'],
  ['/a%zz/%61', '/a%zz/a'],
  // what is not merged
  ['//a///b/', '//a///b/'],
];

for (const [sent, routed] of PATHS) {
  test(`routes ${JSON.stringify(sent)} as ${JSON.stringify(routed)}`, () => {
    assert.equal(routingPath(sent), routed);
  });
}
