import type { Http1Rule } from '../../../protocols/http1/errors.ts';
import type { Http1Case } from '../../support/http1-transcripts.ts';
import { FLOODS } from './floods.ts';

/** One line of the document: a case and what each of the fronts answered; undefined where one was not asked. */
export interface Row {
  readonly one: Http1Case;
  readonly answers: readonly (string | undefined)[];
}

/** The cases that the document shows: what is refused under the default limits. */
export function isShown({ events, directives }: Http1Case): boolean {
  return faultOf(events) !== undefined && !directives.has('limits');
}

/**
 * What the transcript says that a client sees of Portico: the statuses of what is answered before the fault, and that of the
 * fault. A fault of a backend is 502 before the response head was passed on, and cuts the response after that.
 */
export function porticoStatus({ isResponse, events }: Http1Case): string {
  const fault = faultOf(events);
  if (!isResponse) {
    const answered = events.filter((event) => event === 'end').map(() => '200');
    return [...answered, fault?.status].join(', ');
  }
  const head = events.find((event) => event.startsWith('head '))?.split(' ')[1];
  if (head === undefined) return '502';
  return events.includes('end') ? head : `${head} cut`;
}

function faultOf(events: readonly string[]): { rule: Http1Rule; status: string } | undefined {
  const [kind, rule, status] = events.at(-1)?.split(' ') ?? [];
  return kind === 'fault' ? { rule: rule as Http1Rule, status: status ?? '502' } : undefined;
}

/** What a row says of Portico: its first three cells. */
export function rowStart(one: Http1Case): string {
  return cells([one.title, code(one.notation), `${porticoStatus(one)} \`${faultOf(one.events)?.rule}\``]);
}

export function writeDocument(peers: readonly string[], rows: readonly Row[]): string {
  const requests = rows.filter(({ one }) => !one.isResponse);
  const responses = rows.filter(({ one }) => one.isResponse);
  return `# What is refused

Portico reads HTTP/1 by the letter of RFC 9112 and mends nothing: what two programs might read differently is refused, for that
is all that request smuggling lives on. This page shows every refusal, with the bytes, beside what others answered to the same bytes as
reverse proxies with their defaults: ${peers.join(', ')}. It is made from the transcripts in \`test/transcripts/http1\`, which say why each
is refused, by

    node test/conformance/strictness.ts

Texts in the column of bytes have the escapes of C; \`3*"a"\` repeats a text.

## Requests

The answer is the status; \`forwarded\` counts the requests that reached the origin; \`closed\` is the end of the connection without an
answer, \`waits\` means that there was no answer within two seconds. In the column of Portico stands the rule that was broken;
nothing of a request whose head is refused is ever forwarded.

${peers.map((peer, at) => `- ${peer} took ${takenAsGood(requests, at)} of these ${requests.length} as good: it forwarded them and answered with nothing but 200.`).join('\n')}

${tables(peers, requests)}
## Responses

What a client is answered when a backend sends these bytes. \`cut\` means that the response was broken off, so that the client knows
that it has not got all of it; \`unfinished\`, that the rest had not come within half a second. A status alone where Portico names a rule is a
response that was complete before the fault: the bytes behind it are dropped with the connection.

${tables(peers, responses)}${FLOODS}`;
}

function takenAsGood(rows: readonly Row[], peer: number): number {
  return rows.filter(({ answers }) => /^(?:200, )+\d+ forwarded$/.test(answers[peer] ?? '')).length;
}

function tables(peers: readonly string[], rows: readonly Row[]): string {
  return [...Map.groupBy(rows, ({ one }) => one.topic)]
    .map(([topic, group]) => {
      const header = `| case | bytes | Portico | ${peers.join(' | ')} |\n|---|---|---|${peers.map(() => '---|').join('')}\n`;
      const lines = group.map(
        ({ one, answers }) => `${rowStart(one)}${cells(answers.map((text) => text ?? '—')).slice(1)}\n`,
      );
      return `### ${topic}\n\n${header}${lines.join('')}`;
    })
    .join('\n');
}

function cells(texts: readonly string[]): string {
  return `| ${texts.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** A code span; the fence is longer than any run of backticks inside. */
function code(text: string): string {
  const fence = '`'.repeat(1 + Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length)));
  return fence.length === 1 ? `\`${text}\`` : `${fence} ${text} ${fence}`;
}
