/** The committed document must say of Portico what the transcripts say; what it says of others depends on their versions. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readHttp1Transcripts } from '../support/http1-transcripts.ts';
import { readHttp2Transcripts } from '../support/http2-transcripts.ts';
import { isShown, rowStart } from './strictness/document.ts';
import { FLOODS } from './strictness/floods.ts';
import { isOfMessages, shownOf } from './strictness/http2-cases.ts';
import { http2RowStart } from './strictness/http2-section.ts';

const text = readFileSync(new URL('../../docs/strictness.md', import.meta.url), 'utf8');
const [http1Text, http2Text, restText] = text.split(/^(?:## HTTP\/2|### The rest)$/m) as [
  string,
  string,
  string,
];

const shown = readHttp1Transcripts().filter(isShown);
const http2Shown = await shownOf(readHttp2Transcripts());

test('docs/strictness.md shows every refusal of the HTTP/1 transcripts, in its bytes and its answer', () => {
  assert.ok(shown.length >= 250, `${shown.length}`);
  assertRows(http1Text, shown.map(rowStart));
});

test('docs/strictness.md shows every HTTP/2 vector that concerns what is forwarded, in its frames and its answer', () => {
  assert.ok(http2Shown.length >= 200, `${http2Shown.length}`);
  assertRows(http2Text, http2Shown.map(http2RowStart));
});

test('docs/strictness.md counts the other HTTP/2 transcripts, and Portico does what each of them asks', () => {
  const rest = readHttp2Transcripts().filter((one) => !isOfMessages(one));
  const counts = [...Map.groupBy(rest, ({ topic }) => topic)].map(
    ([topic, { length }]) => `| ${topic} | ${length} | ${length} |`,
  );
  assertRows(restText, counts);
});

test('docs/strictness.md ends with what becomes of floods', () => {
  assert.ok(text.endsWith(FLOODS));
});

/** The rows of the tables in a part of the document begin so, and there is no other. */
function assertRows(part: string, starts: readonly string[]): void {
  const rows = part.split('\n').filter((line) => /^\| (?!case \||topic \|)/.test(line));
  assert.deepEqual(
    starts.filter((start) => !rows.some((row) => row.startsWith(start))),
    [],
  );
  assert.equal(rows.length, starts.length);
}
