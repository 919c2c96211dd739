import type { Http1Rule } from '../../../protocols/http1/errors.ts';
import type { Http1Case } from '../../support/http1-transcripts.ts';
import { PREFACE } from '../../support/http2-wire.ts';
import { FLOODS } from './floods.ts';
import { cells, code, type Line, tables } from './tables.ts';

/** One line of the document: a case and what each of the fronts answered; undefined where one was not asked. */
export interface Row {
  readonly one: Http1Case;
  readonly answers: readonly (string | undefined)[];
}

/** The cases that the document shows: what is refused under the default limits, and by who speaks HTTP/2 as well. */
export function isShown({ events, directives, bytes }: Http1Case): boolean {
  const isOtherProtocol = bytes.subarray(0, PREFACE.length).equals(PREFACE);
  return faultOf(events) !== undefined && !directives.has('limits') && !isOtherProtocol;
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

/** `http2`: the part about HTTP/2. */
export function writeDocument(peers: readonly string[], rows: readonly Row[], http2: string): string {
  const requests = rows.filter(({ one }) => !one.isResponse);
  const responses = rows.filter(({ one }) => one.isResponse);
  return `# What is refused

Portico reads HTTP/1 by the letter of RFC 9112 and HTTP/2 by that of RFC 9113, and mends nothing: what two programs might read
differently is refused, for that is all that request smuggling lives on. This page shows every refusal of HTTP/1, and those of HTTP/2 that
concern what is forwarded, with the bytes, beside what others answered to the same bytes as reverse proxies with their defaults:
${peers.join(', ')}. It is made from the transcripts in \`test/transcripts\`, which say why each is refused, by

    node test/conformance/strictness.ts

Texts in the columns of bytes and frames have the escapes of C; \`3*"a"\` repeats a text.

## Requests

The answer is the status; \`forwarded\` counts the requests that reached the origin; \`closed\` is the end of the connection without an
answer, \`waits\` means that there was no answer within two seconds. In the column of Portico stands the rule that was broken;
nothing of a request whose head is refused is ever forwarded. Whether Caddy has forwarded anything when it answers 502 is chance.

${peers.map((peer, at) => `- ${peer} took ${takenAsGood(requests, at)} of these ${requests.length} as good: it forwarded them and answered with nothing but 200.`).join('\n')}

${tables('bytes', peers, requests.map(lineOf))}
## Responses

What a client is answered when a backend sends these bytes. \`cut\` means that the response was broken off, so that the client knows
that it has not got all of it; \`unfinished\`, that the rest had not come within half a second. A status alone where Portico names a rule is a
response that was complete before the fault: the bytes behind it are dropped with the connection.

${tables('bytes', peers, responses.map(lineOf))}
${http2}${FLOODS}`;
}

function lineOf({ one, answers }: Row): Line {
  return { topic: one.topic, start: rowStart(one), answers };
}

function takenAsGood(rows: readonly Row[], peer: number): number {
  return rows.filter(({ answers }) => /^(?:200, )+\d+ forwarded$/.test(answers[peer] ?? '')).length;
}
