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
