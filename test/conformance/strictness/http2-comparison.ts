import { type Http2Case, readHttp2Transcripts } from '../../support/http2-transcripts.ts';
import { askFront, type Http2Answer } from '../h2-comparison/ask.ts';
import { HTTP2_FRONTS } from '../h2-comparison/fronts.ts';
import { askAll } from './front.ts';
import { answerOf, arrivalsIn, isOfMessages, type JudgedCase, shownOf } from './http2-cases.ts';

/** A case, what Portico did over a socket, and what each of the others did; undefined where one was not asked. */
export interface Http2Row {
  readonly shown: JudgedCase;
  readonly live: string;
  readonly answers: readonly (string | undefined)[];
}

/** How many cases of a topic came to what the transcripts ask: of Portico, then of the others. */
interface TopicCount {
  readonly topic: string;
  readonly cases: number;
  readonly good: readonly (number | undefined)[];
}

export interface Http2Comparison {
  /** With their versions. */
  readonly peers: readonly string[];
  readonly rows: readonly Http2Row[];
  /** Of the topics that have no rows. */
  readonly counts: readonly TopicCount[];
  /** Where Portico did not do what the transcripts or its engine say. */
  readonly strangers: readonly string[];
}

export async function compareHttp2(): Promise<Http2Comparison> {
  const cases = readHttp2Transcripts();
  const { peers, own, others } = await askAll(HTTP2_FRONTS, (kind) =>
    askFront(kind, cases, kind.lanesPerProcess === 1 ? 2 : 16),
  );
  const all = [own, ...others];
  const rows = (await shownOf(cases)).map((shown) => {
    const at = cases.indexOf(shown.one);
    const [live, ...answers] = all.map((of) => of && answerOf(of[at]!.observation));
    return { shown, live: live!, answers };
  });
  const rest = cases.filter((one) => !isOfMessages(one));
  const counts = [...Map.groupBy(rest, ({ topic }) => topic)].map(([topic, group]) => {
    const good = all.map((of) => of && group.filter((one) => isGood(of[cases.indexOf(one)]!)).length);
    return { topic, cases: group.length, good };
  });
  const strangers = [
    ...cases.flatMap((one, at) => own[at]!.deviations.map((text) => `${nameOf(one)}: ${text}`)),
    ...rows.flatMap(strangenessOf),
  ];
  return { peers, rows, counts, strangers };
}

function isGood({ deviations }: Http2Answer): boolean {
  return deviations.length === 0;
}

/** The document says of Portico what its engine answers, and that nothing else arrives behind. */
function strangenessOf({ shown: { one, answer }, live }: Http2Row): string[] {
  const isSame = live === answer && arrivalsIn(live) === arrivalsIn(answer);
  return isSame ? [] : [`${nameOf(one)}: ${live}, not ${answer}`];
}

function nameOf({ topic, title }: Http2Case): string {
  return `${topic}: ${title}`;
}
