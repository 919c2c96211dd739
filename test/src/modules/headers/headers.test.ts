import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ResponseHead } from '../../../../protocols/http/message.ts';
import type { RespondingExchange } from '../../../../src/core/callback-points.ts';
import type { HeaderChanges } from '../../../../src/core/module-settings.ts';
import { MAX_VALUE_CHARACTERS } from '../../../../src/modules/headers/header-changes.ts';
import { createHeaders } from '../../../../src/modules/headers/headers.ts';
import { finishedExchange, requestFacts, session } from '../../../support/finished-exchange.ts';

const NONE: HeaderChanges = { rename: [], delete: [], set: [], add: [] };

function requestHeaders(changes: Partial<HeaderChanges>, headers: readonly string[]): readonly string[] {
  const { rewriteRequest } = createHeaders({
    kind: 'headers',
    request: { ...NONE, ...changes },
    response: NONE,
  });
  const facts = requestFacts({ headers });
  return rewriteRequest!(session(), facts.head, headers, facts);
}

test('fields are renamed, then deleted, then set, then added', () => {
  const changes = {
    rename: [['old', 'x-a']],
    delete: ['gone'],
    set: [['x-a', '1']],
    add: [
      ['x-a', '2'],
      ['x-b', '3'],
    ],
  } as const;

  const changed = requestHeaders(changes, [
    'k',
    'v',
    'old',
    '0',
    'gone',
    '',
    'x-a',
    '0',
    'gone',
    '',
    'x-b',
    '0',
  ]);

  assert.deepEqual(changed, ['k', 'v', 'x-b', '0', 'x-a', '1', 'x-a', '2', 'x-b', '3']);
});

test('a renamed field keeps its place and its values; one that is renamed to what is deleted is gone', () => {
  assert.deepEqual(requestHeaders({ rename: [['a', 'b']] }, ['a', '1', 'c', '2', 'a', '3']), [
    'b',
    '1',
    'c',
    '2',
    'b',
    '3',
  ]);
  assert.deepEqual(requestHeaders({ rename: [['a', 'b']], delete: ['b'] }, ['a', '1', 'c', '2']), ['c', '2']);
});

test('variables are of the request as it was sent, not as it is left', () => {
  const changes = { delete: ['x-a'], set: [['x-b', '%{header:x-a}']] } as const;

  assert.deepEqual(requestHeaders(changes, ['x-a', '1']), ['x-b', '1']);
});

test('variables that are empty leave no blanks, and no field where nothing else is in it', () => {
  const changes = {
    set: [
      ['a', '%{header:none} b %{header:none}'],
      ['c', '%{header:none}'],
      ['d', ''],
    ],
  } as const;

  assert.deepEqual(requestHeaders(changes, ['c', '1']), ['a', 'b', 'd', '']);
});

test('a value that variables have made too long is left out, and one that just fits is not', () => {
  const changes = { set: [['x', '%{header:long}']], delete: ['long'] } as const;
  const fits = 'a'.repeat(MAX_VALUE_CHARACTERS);

  assert.deepEqual(requestHeaders(changes, ['long', fits]), ['x', fits]);
  assert.deepEqual(requestHeaders(changes, ['long', `${fits}a`]), []);
});

test('a side that is not changed has no function, and fixed responses are remembered', () => {
  const response = { ...NONE, set: [['x', '1']] as const };
  const fixed = createHeaders({ kind: 'headers', request: NONE, response });

  assert.deepEqual(Object.keys(fixed), ['rewriteResponse']);
  assert.deepEqual(fixed.rewriteResponse!(new ResponseHead(200, '', [], 0), ['x', '0']), ['x', '1']);
});

test('a response with variables is made for each exchange', () => {
  const response = { ...NONE, set: [['x-served-by', '%{instance} for %{client_ip}']] as const };
  const module = createHeaders({ kind: 'headers', request: NONE, response });
  const exchange: RespondingExchange = { ...finishedExchange(), facts: requestFacts() };

  assert.deepEqual(Object.keys(module), ['rewriteEachResponse']);
  assert.deepEqual(module.rewriteEachResponse!(exchange, new ResponseHead(200, '', [], 0), []), [
    'x-served-by',
    '127.0.0.1:9001 for 127.0.0.1',
  ]);
});

test('interim responses are left alone', () => {
  const exchange: RespondingExchange = { ...finishedExchange(), facts: requestFacts() };
  const early = new ResponseHead(103, '', ['link', '</a>'], 0);
  for (const value of ['1', '%{path}']) {
    const response = { ...NONE, set: [['x', value]] as const };
    const module = createHeaders({ kind: 'headers', request: NONE, response });

    const left =
      module.rewriteResponse?.(early, early.headers) ??
      module.rewriteEachResponse?.(exchange, early, early.headers);
    assert.equal(left, early.headers);
  }
});
