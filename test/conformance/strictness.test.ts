/** The committed document must say of Portico what the transcripts say; what it says of others depends on their versions. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readHttp1Transcripts } from '../support/http1-transcripts.ts';
import { isShown, rowStart } from './strictness/document.ts';
import { FLOODS } from './strictness/floods.ts';

const shown = readHttp1Transcripts().filter(isShown);
const text = readFileSync(new URL('../../docs/strictness.md', import.meta.url), 'utf8');
const rows = text.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| case |'));

test('docs/strictness.md shows every refusal of the transcripts, in its bytes and its answer', () => {
  assert.ok(shown.length >= 250, `${shown.length}`);
  const starts = shown.map(rowStart);

  assert.deepEqual(
    starts.filter((start) => !rows.some((row) => row.startsWith(start))),
    [],
  );
});

test('docs/strictness.md shows nothing else', () => {
  assert.equal(rows.length, shown.length);
});

test('docs/strictness.md ends with what becomes of floods', () => {
  assert.ok(text.endsWith(FLOODS));
});
