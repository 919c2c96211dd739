import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  findStaticName,
  STATIC_ENTRIES,
  STATIC_NAMES,
  STATIC_VALUES,
} from '../../../protocols/hpack/static-table.ts';
import { STATIC_TABLE_LINES } from '../../support/hpack-static-table.ts';

it('is that of RFC 7541', () => {
  const lines = STATIC_NAMES.map((name, i) => `${name} ${STATIC_VALUES[i]}`.trimEnd()).slice(1);

  assert.equal(STATIC_ENTRIES, 61);
  assert.deepEqual(lines, STATIC_TABLE_LINES);
});

it('finds the lowest index of a name, and the index of each value', () => {
  assert.equal(findStaticName(':status')?.index, 8);
  assert.equal(findStaticName(':status')?.values.get('404'), 13);
  assert.equal(findStaticName(':status')?.values.get('302'), undefined);
  assert.equal(findStaticName('www-authenticate')?.index, 61);
});

it('has nothing that only objects have', () => {
  for (const key of ['__proto__', 'constructor', 'toString']) {
    assert.equal(findStaticName(key), undefined);
    assert.equal(findStaticName('accept')?.values.get(key), undefined);
  }
});
