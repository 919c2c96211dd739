/**
 * Writes docs/strictness.md: every refusal of the HTTP/1 transcripts beside what other fronts answer to the same bytes.
 * Portico itself is asked over a socket too, and must do what the transcripts say.
 */
import { writeFileSync } from 'node:fs';
import { type Http1Case, readHttp1Transcripts } from '../support/http1-transcripts.ts';
import { askRequest, askResponse, type Lane } from './strictness/ask.ts';
import { isShown, porticoStatus, writeDocument } from './strictness/document.ts';
import { FRONT_KINDS, type FrontKind, startFront, versionOf } from './strictness/fronts.ts';

const cases = readHttp1Transcripts().filter(isShown);
const [portico, ...others] = FRONT_KINDS as [FrontKind, ...FrontKind[]];

// All of them end, and with them the processes, before one that failed is reported.
const settled = await Promise.allSettled([
  askAll(portico, 2),
  ...others.map(async (kind) => (versionOf(kind) === undefined ? [] : askAll(kind, 12))),
]);
const [answers, ...peerAnswers] = settled.map((one) => {
  if (one.status === 'rejected') throw one.reason;
  return one.value;
}) as [string[], ...string[][]];

const names = others.map((kind) => `${kind.name} ${versionOf(kind) ?? '(not installed)'}`);
const rows = cases.map((one, at) => ({ one, answers: peerAnswers.map((of) => of[at]) }));
writeFileSync(new URL('../../docs/strictness.md', import.meta.url), writeDocument(names, rows));

const strangers = cases.flatMap((one, at) => {
  const said = answers[at]!;
  const isForwarded = !one.isResponse && said.includes('forwarded') && !one.events[0]!.startsWith('head');
  const isExpected = said.replace(/, \d+ forwarded$/, '') === porticoStatus(one) && !isForwarded;
  return isExpected ? [] : [`${one.topic}: ${one.title}: ${said}, not ${porticoStatus(one)}`];
});
console.log(`${cases.length} cases; Portico differs from its transcripts in ${strangers.length}`);
for (const stranger of strangers) console.log(stranger);
process.exitCode = strangers.length === 0 ? 0 : 1;

/** Asks one front for all cases, as many at once as it has lanes. */
async function askAll(kind: FrontKind, lanes: number): Promise<string[]> {
  const front = await startFront(kind, lanes);
  const given: string[] = [];
  let next = 0;
  const work = async (lane: Lane) => {
    while (next < cases.length) {
      const at = next++;
      given[at] = await ask(lane, cases[at]!);
    }
  };
  try {
    await Promise.all(front.lanes.map(work));
  } finally {
    await front.stop();
  }
  return given;
}

function ask(lane: Lane, one: Http1Case): Promise<string> {
  return one.isResponse ? askResponse(lane, one) : askRequest(lane, one);
}
