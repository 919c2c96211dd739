import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cleanPath } from '../../../src/serve/clean-path.ts';
import { ServeMux } from '../../../src/serve/serve-mux.ts';

function mux(...patterns: string[]): ServeMux {
  const made = new ServeMux();
  for (const pattern of patterns) made.handle(pattern, () => {});
  return made;
}

const MUX = mux(
  '/',
  '/{$}',
  '/static/',
  'GET /items/{id}',
  'POST /items/{id}',
  'GET /items/latest',
  'GET /files/{path...}',
  'api.example.org/',
  'GET api.example.org/v1/{name}',
  '/only/{$}',
  'HEAD /probe',
  'GET /probe',
);

const FOUND: readonly (readonly [method: string, host: string, path: string, pattern: string | undefined])[] =
  [
    ['GET', 'www.example.org', '/', '/{$}'],
    ['GET', 'www.example.org', '/other', '/'],
    ['GET', 'www.example.org', '/static/', '/static/'],
    ['GET', 'www.example.org', '/static/a/b', '/static/'],
    ['GET', 'www.example.org', '/static', undefined],
    ['GET', 'www.example.org', '/items/7', 'GET /items/{id}'],
    ['HEAD', 'www.example.org', '/items/7', 'GET /items/{id}'],
    ['POST', 'www.example.org', '/items/7', 'POST /items/{id}'],
    ['DELETE', 'www.example.org', '/items/7', '/'],
    ['GET', 'www.example.org', '/items/latest', 'GET /items/latest'],
    ['POST', 'www.example.org', '/items/latest', 'POST /items/{id}'],
    ['GET', 'www.example.org', '/items/', '/'],
    ['GET', 'www.example.org', '/items/7/', '/'],
    ['GET', 'www.example.org', '/files/a/b.txt', 'GET /files/{path...}'],
    ['GET', 'www.example.org', '/files/', 'GET /files/{path...}'],
    ['GET', 'api.example.org', '/v1/x', 'GET api.example.org/v1/{name}'],
    ['POST', 'api.example.org', '/v1/x', 'api.example.org/'],
    ['GET', 'api.example.org', '/items/7', 'api.example.org/'],
    ['GET', 'www.example.org', '/only/', '/only/{$}'],
    ['GET', 'www.example.org', '/only/x', '/'],
    ['HEAD', 'www.example.org', '/probe', 'HEAD /probe'],
    ['GET', 'www.example.org', '/a//b', undefined],
    ['GET', 'www.example.org', '/__proto__', '/'],
  ];

describe('a mux finds', () => {
  for (const [method, host, path, pattern] of FOUND) {
    test(`${method} ${host}${path}: ${pattern ?? 'a redirect'}`, () => {
      assert.equal(MUX.handlerFor(method, host, path)?.pattern, pattern);
    });
  }
});

/** What Go's documentation of net/http says of precedence, hosts, methods and wildcards, one line for each. */
const DOCUMENTED = mux(
  '/images/',
  '/images/thumbnails/',
  '/posts/{id}',
  '/posts/latest',
  'GET /docs/',
  'GET /docs/private/',
  'example.com/',
  'example.com/exact/{$}',
  'example.com/docs/{rest...}',
  '/b/{bucket}/o/{object...}',
  '/b/{bucket}/{verb}',
  'CONNECT example.com/tunnel/',
  'CONNECT /raw',
  'OPTIONS /b/{bucket}/{verb}',
  '/with%2Fslash/{x}',
  '/caf\u00e9',
);

describe("as Go's documentation says, a mux finds", () => {
  for (const [method, host, path, pattern] of [
    // The more specific one wins, whatever was registered first.
    ['GET', 'a', '/images/thumbnails/1.png', '/images/thumbnails/'],
    ['GET', 'a', '/images/1.png', '/images/'],
    ['GET', 'a', '/posts/latest', '/posts/latest'],
    ['GET', 'a', '/posts/234', '/posts/{id}'],
    ['GET', 'a', '/posts/', undefined],
    ['GET', 'a', '/docs/private/x', 'GET /docs/private/'],
    // GET takes HEAD along; a pattern without method takes all.
    ['HEAD', 'a', '/docs/x', 'GET /docs/'],
    ['PUT', 'a', '/docs/x', undefined],
    ['PUT', 'a', '/images/x', '/images/'],
    ['OPTIONS', 'a', '/b/x/acl', 'OPTIONS /b/{bucket}/{verb}'],
    ['OPTIONS', 'a', '/b/x/o/y', '/b/{bucket}/o/{object...}'],
    // A host goes before none, be the path as general as it likes.
    ['GET', 'example.com', '/posts/latest', 'example.com/'],
    ['GET', 'example.com', '/docs/x', 'example.com/docs/{rest...}'],
    ['GET', 'example.com', '/exact/', 'example.com/exact/{$}'],
    ['GET', 'example.com', '/exact/more', 'example.com/'],
    ['GET', 'www.example.com', '/', undefined],
    // A wildcard is one segment, `{x...}` all that is left, also nothing.
    ['GET', 'a', '/b/x/o/a/b/c', '/b/{bucket}/o/{object...}'],
    ['GET', 'a', '/b/x/o/', '/b/{bucket}/o/{object...}'],
    ['GET', 'a', '/b/x/y', '/b/{bucket}/{verb}'],
    ['GET', 'a', '/b/x/y/z', undefined],
    ['GET', 'a', '/b//o/x', undefined],
    // Segments are compared with their escapes undone, and an escaped slash ends none.
    ['GET', 'a', '/with%2fslash/1', '/with%2Fslash/{x}'],
    ['GET', 'a', '/with/slash/1', undefined],
    ['GET', 'a', '/caf%C3%A9', '/caf\u00e9'],
    ['GET', 'a', '/posts/a%2Fb', '/posts/{id}'],
    ['GET', 'a', '/im%61ges/1.png', '/images/'],
    // A path that CONNECT asks for is taken as it is.
    ['CONNECT', 'example.com', '/tunnel/a//b/../c', 'CONNECT example.com/tunnel/'],
    ['CONNECT', 'a', '/raw', 'CONNECT /raw'],
    ['CONNECT', 'example.com', '/tunnel', undefined],
    ['GET', 'a', '/raw', undefined],
  ] as const) {
    test(`${method} ${host}${path}: ${pattern ?? 'nothing'}`, () => {
      assert.equal(DOCUMENTED.handlerFor(method, host, path)?.pattern, pattern);
    });
  }
});

test("conflicts are those of Go's documentation", () => {
  for (const [one, other] of [
    ['/posts/{id}', '/{resource}/latest'],
    ['GET /', '/index.html'],
    ['/a/{b}', '/a/{c}'],
    ['/{x...}', '/'],
    ['/a/{x}/', '/{y}/b/'],
    ['example.com/a', 'EXAMPLE.com/a'],
  ] as const)
    assert.throws(() => mux(one, other), /conflict/, `${one} and ${other}`);
  for (const [one, other] of [
    ['/posts/{id}', '/posts/latest'],
    ['GET /a', 'POST /a'],
    ['GET /a', 'HEAD /a'],
    ['GET /a', '/a'],
    ['example.com/', '/'],
    // They would conflict if it were not for the host.
    ['example.com/{x}/latest', '/posts/{id}'],
    ['/a', '/a/'],
    ['/a/{$}', '/a/{x}'],
  ] as const)
    assert.doesNotThrow(() => mux(one, other), `${one} and ${other}`);
});

test('two patterns of which neither is more specific are refused, with both and a path that both match', () => {
  assert.throws(
    () => mux('/posts/{id}', '/{resource}/latest'),
    /"\/\{resource\}\/latest" and "\/posts\/\{id\}" conflict: both match \/posts\/latest, and neither/,
  );
  assert.throws(() => mux('/a', '/a'), /conflict/);
  assert.throws(() => mux('GET /', '/a/'), /conflict/);
  assert.doesNotThrow(() => mux('/a/', '/a/b', '/a/{x}', 'GET /a/b', 'example.org/a/'));
});

describe('a clean path', () => {
  for (const [path, clean] of [
    ['', '/'],
    ['/', '/'],
    ['/a', '/a'],
    ['/a/', '/a/'],
    ['//', '/'],
    ['/a//b', '/a/b'],
    ['/a/./b', '/a/b'],
    ['/a/../b', '/b'],
    ['/../../b/', '/b/'],
    ['/a/b/..', '/a'],
    ['/a/b/../', '/a/'],
    ['/a/.b/..c', '/a/.b/..c'],
    ['/a/%2e%2e/b', '/a/%2e%2e/b'],
  ] as const) {
    test(`of ${JSON.stringify(path)} is ${JSON.stringify(clean)}`, () => {
      assert.equal(cleanPath(path), clean);
    });
  }
});
