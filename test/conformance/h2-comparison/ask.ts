import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { SocketSubject } from '../../support/http2-socket-subject.ts';
import { playHttp2Case } from '../../support/http2-subject.ts';
import type { Http2Case } from '../../support/http2-transcripts.ts';
import type { Observation } from '../../support/http2-verdict.ts';
import { Peer } from '../../support/peer.ts';
import { askCases, type FrontKind, type Lane } from '../strictness/front.ts';
import { RecordingBackend } from './backend.ts';

/** What was seen of a front, and in which ways it is not what the case says. */
export interface Http2Answer {
  readonly observation: Observation;
  readonly deviations: readonly string[];
}

/** What a front makes of each case. */
export function askFront(
  kind: FrontKind,
  cases: readonly Http2Case[],
  lanes: number,
): Promise<Http2Answer[]> {
  return askCases(kind, lanes, () => new RecordingBackend(), cases, ask);
}

async function ask({ port, origin }: Lane<RecordingBackend>, one: Http2Case): Promise<Http2Answer> {
  origin.begin(one.directives.get('origin'));
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
  const peer = new Peer(socket);
  await once(socket, 'connect');
  const subject = new SocketSubject(peer, {
    patienceMs: PATIENCE_MS,
    quietMs: PATIENCE_MS / 4,
    backendTexts: async () => {
      await delay(PAUSE_MS);
      return origin.texts;
    },
  });
  return playHttp2Case(one, subject);
}

/** No answer within it counts as none. */
const PATIENCE_MS = 700;
/** What a front has begun to forward is at the backend by then. */
const PAUSE_MS = 60;
