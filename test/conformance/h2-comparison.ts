/**
 * Plays the HTTP/2 transcripts to other fronts, each with an HTTP/1.1 backend behind it, and prints where they do something else than
 * what the transcripts ask of Portico. It asserts nothing: it shows which cases are a matter of taste, and which are perhaps wrong.
 *
 *   node test/conformance/h2-comparison.ts [text in the topic or title]…
 */
import { readHttp2Transcripts } from '../support/http2-transcripts.ts';
import { summaryOf } from '../support/http2-verdict.ts';
import { askFront, type Http2Answer } from './h2-comparison/ask.ts';
import { HTTP2_FRONTS } from './h2-comparison/fronts.ts';
import { versionOf } from './strictness/front.ts';

const filters = process.argv.slice(2);
const cases = readHttp2Transcripts().filter(
  ({ topic, title }) => filters.length === 0 || filters.some((text) => `${topic}: ${title}`.includes(text)),
);

const [, ...others] = HTTP2_FRONTS;
const present = others.filter((kind) => versionOf(kind) !== undefined);
const answers = await Promise.all(present.map((kind) => askFront(kind, cases, 16)));
for (const [i, one] of cases.entries()) {
  const said = present.map(({ name }, front) => `  ${name}: ${inWords(answers[front]![i]!)}`);
  if (said.every((line) => line.endsWith(': as expected'))) continue;
  console.log([`${one.topic}: ${one.title}`, ...said].join('\n'));
}
for (const [front, { name }] of present.entries()) {
  const good = answers[front]!.filter(({ deviations }) => deviations.length === 0).length;
  console.log(`${name}: ${good} of ${cases.length} as expected`);
}

function inWords({ observation, deviations }: Http2Answer): string {
  return deviations.length === 0 ? 'as expected' : `${summaryOf(observation)} (${deviations.join('; ')})`;
}
