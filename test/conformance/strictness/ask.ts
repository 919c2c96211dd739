import type { Buffer } from 'node:buffer';
import { connect } from 'node:net';
import { takeMessage } from '../../support/http1-message.ts';
import type { Http1Case } from '../../support/http1-transcripts.ts';
import { askCases, type FrontKind, type Lane } from './front.ts';
import { LaneOrigin, PAUSE_MS, type Reply, requestFor } from './lane.ts';

/** What a front makes of each case. */
export function askFront(kind: FrontKind, cases: readonly Http1Case[], lanes: number): Promise<string[]> {
  return askCases(
    kind,
    lanes,
    () => new LaneOrigin(),
    cases,
    (lane, one) => (one.isResponse ? askResponse(lane, one) : askRequest(lane, one)),
  );
}

/** What a front makes of a malformed request: `400`, `200, 1 forwarded`, `closed`, `waits`. */
async function askRequest(lane: Lane<LaneOrigin>, { bytes }: Http1Case): Promise<string> {
  lane.origin.begin(undefined);
  const { text, ended } = await exchange(lane.port, bytes, () => false);
  const statuses = responsesIn(text, false, ended).map(({ status }) => status);
  const isBare = statuses.length === 0 && text !== '';
  const answer = isBare ? 'a body without head' : statuses.join(', ') || (ended ? 'closed' : 'waits');
  return lane.origin.heads === 0 ? answer : `${answer}, ${lane.origin.heads} forwarded`;
}

/** What a front makes of a malformed response: `502`, `200`, `200 cut` when it did not get to its end, `closed`, `waits`. */
async function askResponse(lane: Lane<LaneOrigin>, played: Http1Case): Promise<string> {
  lane.origin.begin(played);
  const isHeadAnswer = played.directives.get('request') === 'HEAD';
  const finalOf = (text: string, ended: boolean) =>
    responsesIn(text, isHeadAnswer, ended).find(({ status }) => status === 101 || status >= 200);
  const { text, ended } = await exchange(
    lane.port,
    requestFor(played),
    (text) => finalOf(text, false)?.whole === true,
  );
  const final = finalOf(text, ended);
  if (final === undefined) return ended ? 'closed' : 'waits';
  return final.whole ? `${final.status}` : `${final.status} ${ended ? 'cut' : 'unfinished'}`;
}

/** The responses that stand one behind the other in a text. */
function responsesIn(
  text: string,
  isHeadAnswer: boolean,
  ended: boolean,
): { readonly status: number; readonly whole: boolean }[] {
  const responses: { status: number; whole: boolean }[] = [];
  let rest = text;
  for (;;) {
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(rest)?.[1] ?? 0);
    if (status === 0) return responses;
    const taken = takeMessage(rest, { isHeadAnswer, ended });
    responses.push({ status, whole: taken !== undefined });
    if (taken === undefined) return responses;
    rest = rest.slice(taken.length);
  }
}

/** Sends bytes and collects the reply until the front ends it, `isDone`, or nothing has come for a while. */
function exchange(port: number, bytes: Buffer, isDone: (text: string) => boolean): Promise<Reply> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => socket.write(bytes));
    const finish = (ended: boolean) => {
      clearTimeout(silence);
      socket.destroy();
      resolve({ text, ended });
    };
    let silence = setTimeout(() => finish(false), FIRST_BYTE_MS);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      clearTimeout(silence);
      silence = setTimeout(() => finish(false), isDone(text) ? 0 : MORE_MS);
    });
    socket.on('end', () => finish(true));
    socket.on('error', () => finish(true));
  });
}

const FIRST_BYTE_MS = 2000;
/** Long enough for a second answer, which an origin gives after its pause. */
const MORE_MS = 5 * PAUSE_MS;
