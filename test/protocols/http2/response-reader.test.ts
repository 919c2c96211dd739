import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readResponse } from '../../../protocols/http2/response-reader.ts';

describe('a response head', () => {
  it('has status, fields in order, and a length', () => {
    const read = readResponse(
      [':status', '200', 'set-cookie', 'a=1', 'content-length', '5', 'set-cookie', 'b=2'],
      ['set-cookie'],
    );
    assert.ok(typeof read === 'object');
    assert.equal(read.head.status, 200);
    assert.deepEqual(read.head.headers, ['set-cookie', 'a=1', 'set-cookie', 'b=2']);
    assert.equal(read.head.bodyLength, 5);
    assert.equal(read.declaredLength, 5);
    assert.deepEqual([...read.head.neverIndexed!], ['set-cookie']);
  });

  const lengths: readonly (readonly [status: string, declared: string | undefined, bodyLength: number])[] = [
    ['200', undefined, -1],
    ['200', '0', 0],
    ['304', '7', 7],
    ['304', undefined, -1],
    ['204', undefined, 0],
    ['204', '7', 0],
    ['103', undefined, 0],
    ['599', '999999999999999', 999_999_999_999_999],
  ];
  for (const [status, declared, bodyLength] of lengths)
    it(`of ${status} with Content-Length ${declared} has a body of ${bodyLength}`, () => {
      const read = readResponse(
        [':status', status, ...(declared === undefined ? [] : ['content-length', declared])],
        undefined,
      );
      assert.ok(typeof read === 'object');
      assert.equal(read.head.bodyLength, bodyLength);
      assert.equal(read.declaredLength, declared === undefined ? -1 : Number(declared));
    });

  const broken: readonly (readonly [rule: string, fields: readonly string[]])[] = [
    ['missing-pseudo', []],
    ['missing-pseudo', ['x-a', 'b']],
    ['missing-pseudo', ['x-a', 'b', ':status', '200']],
    ['missing-pseudo', [':method', 'GET']],
    ['repeated-pseudo', [':status', '200', ':status', '200']],
    ['repeated-pseudo', [':status', '200', 'x-a', 'b', ':status', '200']],
    ['unknown-pseudo', [':status', '200', ':path', '/']],
    ...['', '99', '600', '101', '1000', '0200', '20', '2 0', '+20', ' 200', '200 ', '2e2', '-20'].map(
      (status) => ['bad-status', [':status', status]] as const,
    ),
    ['bad-field-name', [':status', '200', 'X-A', 'b']],
    ['bad-field-value', [':status', '200', 'x-a', 'b\n']],
    ['connection-field', [':status', '200', 'connection', 'close']],
    ['bad-content-length', [':status', '200', 'content-length', '1', 'content-length', '1']],
    ['bad-content-length', [':status', '200', 'content-length', '']],
    ['bad-content-length', [':status', '200', 'content-length', '+1']],
    ['bad-content-length', [':status', '200', 'content-length', '1, 1']],
    ['bad-content-length', [':status', '200', 'content-length', '1000000000000000']],
  ];
  for (const [rule, fields] of broken)
    it(`of ${JSON.stringify(fields)} breaks ${rule}`, () => {
      assert.equal(readResponse(fields, undefined), rule);
    });
});
