import { Buffer } from 'node:buffer';
import { describeFrame } from './http2-describe-frame.ts';
import type { Clause } from './http2-expectations.ts';
import type { ReceivedFrame } from './http2-frame-log.ts';
import { matchesFrameText } from './http2-frame-text.ts';
import type { Http2Case } from './http2-transcripts.ts';
import { deviationsFrom, type ForwardedRequest, isMet, type Observation } from './http2-verdict.ts';
import { ping } from './http2-wire.ts';

/**
 * What a case is played to, on a connection of its own: a bare engine, or a server at the other end of a socket. An engine has
 * answered when `send` returns, and its `until` merely looks; a socket waits, for as long as its maker thinks fit.
 */
export interface Http2Subject {
  readonly frames: readonly ReceivedFrame[];
  /** The server has ended the connection. */
  readonly hasEnded: boolean;
  send(bytes: Buffer): void;
  /** Whether it came true before the patience, or the connection, ended. */
  until(condition: () => boolean): Promise<boolean>;
  /** Waits while the server may still say something unasked. */
  quiet(): Promise<void>;
  /** Ends the connection, and tells what has come out behind. */
  finish(): Promise<readonly ForwardedRequest[]>;
}

/** Plays a case and returns what was seen, and in which ways it is not what the case says. */
export async function playHttp2Case(
  one: Http2Case,
  subject: Http2Subject,
): Promise<{ readonly observation: Observation; readonly deviations: readonly string[] }> {
  for (const step of one.steps) {
    if (subject.hasEnded) break;
    if (step.kind === 'send') subject.send(step.bytes);
    else await subject.until(() => hasFrame(subject, step.frame));
  }
  const isAlive = await settle(one, subject);
  const { frames, hasEnded } = subject;
  const observation = { frames, hasEnded, isAlive, forwarded: await subject.finish() };
  return { observation, deviations: deviationsFrom(one, observation) };
}

/** Waits for what is expected, then asks whether the connection lives; undefined where nothing can be asked. */
async function settle({ clauses }: Http2Case, subject: Http2Subject): Promise<boolean | undefined> {
  const met = () => clauses.every((alternatives) => alternatives.some((clause) => isMet(clause, subject)));
  const kinds = new Set(clauses.flat().map(({ kind }) => kind));
  if (kinds.has('connection waits')) {
    await subject.quiet();
    return undefined;
  }
  await subject.until(met);
  if (subject.hasEnded || clauses.some((alternatives) => alternatives.every(isEnd))) return undefined;
  subject.send(ping(PROBE));
  await subject.until(() => subject.frames.some(isProbeAck));
  return subject.frames.some(isProbeAck);
}

function isEnd({ kind }: Clause): boolean {
  return kind === 'connection error' || kind === 'connection closes';
}

const PROBE = Buffer.from('alive?\r\n', 'latin1');

function isProbeAck(frame: ReceivedFrame): boolean {
  return matchesFrameText(describeFrame(frame), {
    name: 'PING',
    attributes: new Map(),
    words: new Set(['ACK']),
    content: PROBE,
  });
}

function hasFrame({ frames }: Http2Subject, wanted: Parameters<typeof matchesFrameText>[1]): boolean {
  return frames.some((frame) => matchesFrameText(describeFrame(frame), wanted));
}
