import { type Http1Case, readHttp1Transcripts } from '../../support/http1-transcripts.ts';
import { askFront } from './ask.ts';
import { isShown, porticoStatus, type Row } from './document.ts';
import { askAll } from './front.ts';
import { HTTP1_FRONTS } from './fronts.ts';

export interface Http1Comparison {
  /** With their versions. */
  readonly peers: readonly string[];
  readonly rows: readonly Row[];
  /** Where Portico did not do what the transcripts say. */
  readonly strangers: readonly string[];
}

export async function compareHttp1(): Promise<Http1Comparison> {
  const cases = readHttp1Transcripts().filter(isShown);
  const { peers, own, others } = await askAll(HTTP1_FRONTS, (kind) =>
    askFront(kind, cases, kind.lanesPerProcess === 1 ? 2 : 12),
  );
  return {
    peers,
    rows: cases.map((one, at) => ({ one, answers: others.map((of) => of?.[at]) })),
    strangers: cases.flatMap((one, at) => strangenessOf(one, own[at]!)),
  };
}

function strangenessOf(one: Http1Case, said: string): string[] {
  const isForwarded = !one.isResponse && said.includes('forwarded') && !one.events[0]!.startsWith('head');
  const isExpected = said.replace(/, \d+ forwarded$/, '') === porticoStatus(one) && !isForwarded;
  return isExpected ? [] : [`${one.topic}: ${one.title}: ${said}, not ${porticoStatus(one)}`];
}
