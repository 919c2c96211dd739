import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JsonBody, saysJson } from '../../../src/route/json-body.ts';

function valueAt(text: string | Buffer, path: string): string | undefined {
  return new JsonBody({ whole: Buffer.from(text as string) }).value(path);
}

for (const [text, path, value] of [
  ['{"model":"gpt"}', 'model', 'gpt'],
  ['{"a":{"b":{"c":"x"}}}', 'a.b.c', 'x'],
  ['{"a":[{"b":1},{"b":2}]}', 'a.1.b', '2'],
  ['[["x"]]', '0.0', 'x'],
  ['{"a":{"0":"x"}}', 'a.0', 'x'],
  ['{"a":true}', 'a', 'true'],
  ['{"a":null}', 'a', 'null'],
  ['{"a":""}', 'a', ''],
  ['{"a":1.50}', 'a', '1.5'],
  ['{"a":-0}', 'a', '0'],
  ['{"a":9007199254740991}', 'a', '9007199254740991'],
  ['{"a":"\\u00e9"}', 'a', '\xc3\xa9'],
  ['{"a":"é"}', 'a', '\xc3\xa9'],
  ['{"a":1,"a":2}', 'a', '2'],
  ['{"__proto__":{"x":"y"}}', '__proto__.x', 'y'],
] as const)
  test(`${text} has ${JSON.stringify(value)} at ${path}`, () => assert.equal(valueAt(text, path), value));

for (const [text, path] of [
  ['{"model":"gpt"}', 'other'],
  ['{"a":{"b":1}}', 'a'],
  ['{"a":[1]}', 'a'],
  ['{"a":[1]}', 'a.length'],
  ['{"a":[1]}', 'a.1'],
  ['{"a":[1]}', 'a.00'],
  ['{"a":[1]}', 'a.-1'],
  ['{"a":"text"}', 'a.0'],
  ['{"a":"text"}', 'a.length'],
  ['{"a":9007199254740993}', 'a'],
  ['{}', '__proto__'],
  ['{}', 'constructor.name'],
  ['null', 'a'],
  ['{"a":1', 'a'],
  ['{"a":1}x', 'a'],
  ["{'a':1}", 'a'],
  ['\ufeff{"a":1}', 'a'],
  ['', 'a'],
] as const)
  test(`${text} has nothing at ${path}`, () => assert.equal(valueAt(text, path), undefined));

test('what is no UTF-8 is no JSON', () => {
  assert.equal(valueAt(Buffer.from('{"a":"\xe9"}', 'latin1'), 'a'), undefined);
});

test('what was not waited for has no values', () => {
  assert.equal(new JsonBody({ whole: undefined }).value('a'), undefined);
});

test('however deep it is nested, a body is read', () => {
  const depth = 500_000;

  assert.equal(valueAt(`${'['.repeat(depth)}${']'.repeat(depth)}`, '0'), undefined);
  assert.equal(valueAt('['.repeat(depth), '0'), undefined);
  assert.equal(valueAt(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`, 'a.a'), undefined);
});

test('only a body that says so is JSON', () => {
  const says = (type: string, bodyLength = 2, more: string[] = []) =>
    saysJson({ bodyLength, upgrade: '' }, ['content-type', type, ...more]);

  for (const type of [
    'application/json',
    'Application/JSON',
    'application/json;charset=utf-8',
    'application/json ; a=b',
    'application/problem+json',
    'application/vnd.a.b-c+json',
  ])
    assert.ok(says(type), type);
  for (const type of [
    'text/json',
    'application/jsonx',
    'application/x-json',
    'application/json, text/plain',
    'application/+json',
    'application/grpc+json',
    'application/grpc-web+json',
    'json',
    '',
  ])
    assert.ok(!says(type), type);
  assert.ok(says('application/json', -1));
  assert.ok(!saysJson({ bodyLength: -1, upgrade: 'websocket' }, ['content-type', 'application/json']));
  assert.ok(!says('application/json', 0));
  assert.ok(!says('application/json', 2, ['content-encoding', 'gzip']));
  assert.ok(says('application/json', 2, ['content-encoding', 'identity']));
  assert.ok(!saysJson({ bodyLength: 2, upgrade: '' }, []));
});
