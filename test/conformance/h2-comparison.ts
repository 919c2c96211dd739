/**
 * Plays the HTTP/2 transcripts to other fronts, each with an HTTP/1.1 backend behind it, and prints where they do something else than
 * what the transcripts ask of Portico. It asserts nothing: it shows which cases are a matter of taste, and which are perhaps wrong.
 *
 *   node test/conformance/h2-comparison.ts [text in the topic or title]…
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { SocketSubject } from '../support/http2-socket-subject.ts';
import { playHttp2Case } from '../support/http2-subject.ts';
import { type Http2Case, readHttp2Transcripts } from '../support/http2-transcripts.ts';
import { summaryOf } from '../support/http2-verdict.ts';
import { commandMissing } from '../support/outside-judge.ts';
import { Peer } from '../support/peer.ts';
import { FRONT_KINDS, type FrontKind, type Lane, startFront } from './h2-comparison/front.ts';

const filters = process.argv.slice(2);
const cases = readHttp2Transcripts().filter(
  ({ topic, title }) => filters.length === 0 || filters.some((text) => `${topic}: ${title}`.includes(text)),
);
const LANES = 16;
/** No answer within it counts as none. */
const PATIENCE_MS = 700;
/** What a front has begun to forward is at the backend by then. */
const PAUSE_MS = 60;

const present = FRONT_KINDS.filter(({ command }) => commandMissing(command) === false);
const answers = await Promise.all(present.map(askAll));
for (const [i, one] of cases.entries()) {
  const said = present.map(({ name }, front) => `  ${name}: ${answers[front]![i]}`);
  if (said.every((line) => line.endsWith(': as expected'))) continue;
  console.log([`${one.topic}: ${one.title}`, ...said].join('\n'));
}
for (const [front, { name }] of present.entries()) {
  const good = answers[front]!.filter((answer) => answer === 'as expected').length;
  console.log(`${name}: ${good} of ${cases.length} as expected`);
}

async function askAll(kind: FrontKind): Promise<string[]> {
  const front = await startFront(kind, LANES);
  const given: string[] = [];
  const waiting = cases.entries();
  const work = async (lane: Lane) => {
    for (const [index, one] of waiting) given[index] = await ask(lane, one);
  };
  try {
    await Promise.all(front.lanes.map(work));
  } finally {
    await front.stop();
  }
  return given;
}

async function ask({ port, backend }: Lane, one: Http2Case): Promise<string> {
  backend.begin(one.directives.get('origin'));
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  const peer = new Peer(socket);
  await once(socket, 'connect');
  const subject = new SocketSubject(peer, {
    patienceMs: PATIENCE_MS,
    quietMs: PATIENCE_MS / 4,
    backendTexts: async () => {
      await delay(PAUSE_MS);
      return backend.texts;
    },
  });
  const { observation, deviations } = await playHttp2Case(one, subject);
  return deviations.length === 0 ? 'as expected' : `${summaryOf(observation)} (${deviations.join('; ')})`;
}
