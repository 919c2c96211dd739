import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkTrailers } from '../../../protocols/http2/trailer-reader.ts';

describe('a trailer section', () => {
  const cases: readonly (readonly [rule: string | undefined, fields: readonly string[]])[] = [
    [undefined, []],
    [undefined, ['grpc-status', '0', 'grpc-message', '', '__proto__', 'x']],
    ['unknown-pseudo', [':status', '200']],
    ['unknown-pseudo', ['x-a', '1', ':path', '/']],
    ['unknown-pseudo', [':', '']],
    ['bad-field-name', ['X-a', '1']],
    ['bad-field-value', ['x-a', 'b\r\nc: d']],
    ['connection-field', ['transfer-encoding', 'chunked']],
    ['connection-field', ['connection', 'close']],
    ['forbidden-trailer', ['content-length', '1']],
    ['forbidden-trailer', ['x-a', '1', 'host', 'a']],
    ['forbidden-trailer', ['te', 'trailers']],
    ['forbidden-trailer', ['expect', '100-continue']],
    ['forbidden-trailer', ['trailer', 'x']],
  ];
  for (const [rule, fields] of cases)
    it(`of ${JSON.stringify(fields)} breaks ${rule ?? 'no rule'}`, () => {
      assert.equal(checkTrailers(fields), rule);
    });
});
