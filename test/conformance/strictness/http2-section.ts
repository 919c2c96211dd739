import { arrivalsIn, isTakenAsGood, type JudgedCase } from './http2-cases.ts';
import type { Http2Comparison, Http2Row } from './http2-comparison.ts';
import { cells, code, type Line, tables } from './tables.ts';

/** What a row says of Portico: its first three cells. */
export function http2RowStart({ one, answer, rule }: JudgedCase): string {
  const said = rule === undefined ? answer : `${answer} \`${rule}\``;
  return cells([one.title, framesOf(one.script), said]);
}

export function writeHttp2Section({ peers, rows, counts }: Http2Comparison): string {
  const refused = rows.filter(({ shown }) => shown.rule !== undefined);
  const arrived = (of: (row: Http2Row) => string | undefined) =>
    refused.filter((row) => arrivalsIn(of(row) ?? '') > arrivalsIn(row.shown.answer)).length;
  const taken = peers.map((peer, at) => {
    const good = refused.filter(({ answers }) => isTakenAsGood(answers[at] ?? '')).length;
    const begun = arrived(({ answers }) => answers[at]);
    return `- ${peer} took ${good} of these ${refused.length} as good: it forwarded them and answered with nothing but 200. ${arrivals(begun)}`;
  });
  return `## HTTP/2

The frames of a client, sent by prior knowledge to a plain port with an HTTP/1.1 backend behind it: every refusal that concerns a message,
and everything of \`test/transcripts/http2/smuggling.md\`. The preface and SETTINGS come first; \`stream=1\` and END_HEADERS are left out, and
\`(POST /)\` stands for the four pseudo-header fields of such a request. The answer is the status, RST_STREAM or GOAWAY (which ends the
connection), behind its stream where there are several; \`forwarded\` counts the requests that reached the backend whole, \`begun\` those that
never ended there. nginx and HAProxy were given the same number of streams and room for heads, and nginx neither buffers bodies nor changes
Host. In the column of Portico stands the rule that was broken, as its engine names it. The frames of a case come in one piece: had its body
come later, a request whose body is bad would have begun behind Portico too, and never ended.

Of these ${rows.length}, Portico refuses ${refused.length}.

- Portico took none of these ${refused.length} as good. ${arrivals(arrived(({ live }) => live))}
${taken.join('\n')}

${tables('frames', peers, rows.map(lineOf))}
### The rest

Frames, streams, windows, settings and header compression are between the two ends of a connection, and nothing of them is forwarded.
How many of the other cases came to what the transcripts ask, which is more than RFC 9113 does where it leaves a choice:

| topic | cases | Portico | ${peers.join(' | ')} |
|---|---|---|${peers.map(() => '---|').join('')}
${counts.map(({ topic, cases, good }) => cells([topic, `${cases}`, ...good.map((count) => `${count ?? '—'}`)])).join('\n')}
`;
}

function arrivals(count: number): string {
  return `${count === 0 ? 'Nothing of any' : `Something of ${count}`} of them arrived at the backend.`;
}

function lineOf({ shown, answers }: Http2Row): Line {
  return { topic: shown.one.topic, start: http2RowStart(shown), answers };
}

/** A script in one cell: a line each. */
function framesOf(script: string): string {
  const lines = script
    .split('\n')
    .map((line) => line.trim().replaceAll(/ (?:stream=1|END_HEADERS)(?= |$)/g, ''));
  return lines
    .filter((line) => !/^(?:$|#|@)/.test(line))
    .map(code)
    .join('<br>');
}
