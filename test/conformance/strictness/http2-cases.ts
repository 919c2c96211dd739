import type { Http2Rule } from '../../../protocols/http2/errors.ts';
import { EngineSubject } from '../../support/http2-engine-subject.ts';
import { playHttp2Case } from '../../support/http2-subject.ts';
import type { Http2Case } from '../../support/http2-transcripts.ts';
import { type Observation, summaryOf } from '../../support/http2-verdict.ts';

/** A case, and what the engine of Portico makes of it: its answer, and the rule that was broken, if one was. */
export interface JudgedCase {
  readonly one: Http2Case;
  readonly answer: string;
  readonly rule: Http2Rule | undefined;
}

/** The topics that concern what is forwarded. */
const MESSAGE_TOPICS: readonly string[] = [
  'connect',
  'content-length',
  'fields',
  'pseudo-headers',
  'smuggling',
];

/** The cases that the document shows: what is refused of messages, and all that has been used for smuggling. */
export async function shownOf(cases: readonly Http2Case[]): Promise<JudgedCase[]> {
  const judged = await Promise.all(cases.filter(isOfMessages).map(judge));
  return judged.filter(({ one, rule }) => rule !== undefined || one.topic === 'smuggling');
}

/** Of others the document shows numbers only. */
export function isOfMessages({ topic }: Http2Case): boolean {
  return MESSAGE_TOPICS.includes(topic);
}

/**
 * What a client and a backend saw, in the words of the document. GOAWAY with an error always ends the connection, and most cases
 * have one stream.
 */
export function answerOf(observation: Observation): string {
  const text = summaryOf(observation).replace(/(GOAWAY \w+), closed/, '$1');
  return / \d+: /.test(text) ? text : text.replace(/^1: /, '');
}

/** Whether a front forwarded what it was sent and answered with nothing but 200. */
export function isTakenAsGood(answer: string): boolean {
  return /^(?:(?:\d+: )?200(?: RST_STREAM NO_ERROR)?, )+\d+ forwarded$/.test(answer);
}

/** How many requests arrived behind a front, whole or not. */
export function arrivalsIn(answer: string): number {
  return [...answer.matchAll(/(\d+) (?:forwarded|begun)/g)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
}

async function judge(one: Http2Case): Promise<JudgedCase> {
  const subject = new EngineSubject(one.directives.get('origin'));
  const { observation } = await playHttp2Case(one, subject);
  // An engine tells of a request before its body has come; a front end that reads both at once forwards nothing of it.
  const answer = answerOf(observation).replace(/, \d+ begun$/, '');
  return { one, answer, rule: subject.rules.find((rule) => rule !== 'reset-by-peer') };
}
