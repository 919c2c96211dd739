import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HttpVersion } from '../../../protocols/http/message.ts';
import { FramingFields } from '../../../protocols/http1/framing-fields.ts';

type Field = readonly [name: 'content-length' | 'transfer-encoding', value: string];

/** What is wrong with a section that has these fields; else its framing. */
function judge(fields: readonly Field[], version: HttpVersion = '1.1'): string {
  const framing = new FramingFields();
  for (const [name, value] of fields) {
    const rule = framing.add(name, value);
    if (rule !== undefined) return rule;
  }
  return framing.check(version) ?? (framing.chunked ? 'chunked' : `${framing.length}`);
}

const length = (value: string): Field => ['content-length', value];
const coding = (value: string): Field => ['transfer-encoding', value];

describe('framing fields', () => {
  const cases: readonly (readonly [fields: readonly Field[], expected: string])[] = [
    [[], '-1'],
    [[length('0')], '0'],
    [[length('00042')], '42'],
    [[length('999999999999999')], '999999999999999'],
    [[length('1000000000000000')], 'bad-content-length'],
    [[length('')], 'bad-content-length'],
    [[length('1,1')], 'repeated-content-length'],
    [[length('0'), length('0')], 'repeated-content-length'],
    [[coding('chunked')], 'chunked'],
    [[coding('CHUNKED')], 'chunked'],
    [[coding('gzip')], 'transfer-coding-unknown'],
    [[coding('gzip,chunked')], 'transfer-coding-unknown'],
    [[coding('chunked,gzip')], 'bad-transfer-encoding'],
    [[coding('')], 'bad-transfer-encoding'],
    [[coding('chunked'), coding('chunked')], 'bad-transfer-encoding'],
    [[coding('gzip'), coding('chunked')], 'bad-transfer-encoding'],
    [[length('0'), coding('chunked')], 'both-framings'],
    [[coding('chunked'), length('0')], 'both-framings'],
    [[coding('gzip'), length('0')], 'both-framings'],
  ];
  for (const [fields, expected] of cases) {
    test(`${fields.map((field) => field.join(': ')).join(' + ') || 'none'} give ${expected}`, () => {
      assert.equal(judge(fields), expected);
    });
  }

  test('of HTTP/1.0 know no transfer coding', () => {
    assert.equal(judge([length('5')], '1.0'), '5');
    assert.equal(judge([coding('chunked')], '1.0'), 'transfer-encoding-in-http-1.0');
    assert.equal(judge([coding('gzip')], '1.0'), 'transfer-encoding-in-http-1.0');
    assert.equal(judge([coding('chunked'), length('5')], '1.0'), 'both-framings');
  });
});
