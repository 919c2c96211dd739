import { describeFrame } from './http2-describe-frame.ts';
import type { Clause, Forward, Http2Expectations } from './http2-expectations.ts';
import type { ReceivedFrame } from './http2-frame-log.ts';
import { matchesFrameText } from './http2-frame-text.ts';
import { ERROR_CODES, FRAME_TYPES, nameOf } from './http2-names.ts';

/** A request that came out behind a subject, as the text of a backend's connection tells it, or an engine's events. */
export interface ForwardedRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  /** Its end was seen. */
  readonly isWhole: boolean;
}

/** What was seen of a subject. */
export interface Observation {
  readonly frames: readonly ReceivedFrame[];
  readonly hasEnded: boolean;
  /** It answered a PING at the end; undefined where it was not asked. */
  readonly isAlive: boolean | undefined;
  readonly forwarded: readonly ForwardedRequest[];
}

type Seen = Pick<Observation, 'frames' | 'hasEnded'>;

export function isMet(clause: Clause, seen: Seen): boolean {
  switch (clause.kind) {
    case 'connection error':
      return seen.hasEnded && goawayCodes(seen).some((code) => clause.codes.some((name) => name === code));
    case 'connection closes':
      return seen.hasEnded;
    case 'connection may close':
      return true;
    case 'connection waits':
      return !seen.hasEnded;
    case 'stream error':
      return resetCodes(seen, clause.stream).some((code) => clause.codes.some((name) => name === code));
    case 'status':
      return clause.statuses.includes(statusOf(seen, clause.stream) ?? '');
    case 'refused':
      return (
        /^(?:4\d\d|50[15])$/.test(statusOf(seen, clause.stream) ?? '') ||
        resetCodes(seen, clause.stream).includes('PROTOCOL_ERROR')
      );
    case 'frame':
      return seen.frames.some((frame) => matchesFrameText(describeFrame(frame), clause.frame));
    case 'no frame':
      return !seen.frames.some((frame) => matchesFrameText(describeFrame(frame), clause.frame));
  }
}

/** Whether a clause makes an end of the connection a good answer. */
function isAboutEnd({ kind }: Clause): boolean {
  return kind === 'connection error' || kind === 'connection closes' || kind === 'connection may close';
}

/** In which ways an observation is not what was expected; none is the good answer. */
export function deviationsFrom(expected: Http2Expectations, seen: Observation): string[] {
  const { clauses } = expected;
  const unmet = clauses.filter((alternatives) => !alternatives.some((clause) => isMet(clause, seen)));
  const deviations = unmet.map((alternatives) => `not seen: ${alternatives.map(clauseText).join(' or ')}`);
  const mayEnd = clauses.flat().some(isAboutEnd);
  if (seen.hasEnded && !mayEnd) deviations.push('the connection ended');
  else if (seen.isAlive === false) deviations.push('the connection does not answer any more');
  const known = new Set(clauses.flat().map((clause) => ('stream' in clause ? clause.stream : 0)));
  for (const { type, streamId } of seen.frames) {
    if (type === FRAME_TYPES.RST_STREAM && !known.has(streamId) && !mayEnd)
      deviations.push(`stream ${streamId} was reset`);
  }
  return [...deviations, ...forwardDeviations(expected.forwards, seen.forwarded)];
}

/** An observation on one line: what comparisons show. */
export function summaryOf(seen: Observation): string {
  const streams = new Set(seen.frames.map(({ streamId }) => streamId).filter((id) => id !== 0));
  const parts = [...streams].map((stream) => {
    const resets = resetCodes(seen, stream).map((code) => `RST_STREAM ${code}`);
    const said = [statusOf(seen, stream), ...resets].filter((text) => text !== undefined);
    return said.length === 0 ? '' : `${stream}: ${said.join(' ')}`;
  });
  parts.push(...goawayCodes(seen).map((code) => `GOAWAY ${code}`));
  if (seen.hasEnded) parts.push('closed');
  else if (seen.isAlive === false) parts.push('waits');
  const whole = seen.forwarded.filter(({ isWhole }) => isWhole).length;
  if (whole > 0) parts.push(`${whole} forwarded`);
  if (whole < seen.forwarded.length) parts.push(`${seen.forwarded.length - whole} begun`);
  return parts.filter((part) => part !== '').join(', ') || 'nothing';
}

function clauseText(clause: Clause): string {
  switch (clause.kind) {
    case 'connection error':
      return `connection error ${clause.codes.join('|')}`;
    case 'stream error':
      return `stream ${clause.stream} error ${clause.codes.join('|')}`;
    case 'status':
      return `stream ${clause.stream} status ${clause.statuses.join('|')}`;
    case 'refused':
      return `stream ${clause.stream} refused`;
    case 'frame':
    case 'no frame':
      return `${clause.kind} ${clause.frame.name} ${[...clause.frame.attributes].join(' ')} ${[...clause.frame.words].join(' ')}`;
    default:
      return clause.kind;
  }
}

function goawayCodes({ frames }: Seen): string[] {
  return frames
    .filter(({ type, payload }) => type === FRAME_TYPES.GOAWAY && payload.length >= 8)
    .map(({ payload }) => nameOf(ERROR_CODES, payload.readUInt32BE(4)));
}

function resetCodes({ frames }: Seen, stream: number): string[] {
  return frames
    .filter(({ type, streamId }) => type === FRAME_TYPES.RST_STREAM && streamId === stream)
    .map(({ payload }) => nameOf(ERROR_CODES, payload.readUInt32BE(0)));
}

/** The final status of a stream. */
function statusOf({ frames }: Seen, stream: number): string | undefined {
  for (const { streamId, fields } of frames) {
    const status = streamId === stream ? fields?.find(([name]) => name === ':status')?.[1] : undefined;
    if (status !== undefined && !status.startsWith('1')) return status;
  }
  return undefined;
}

function forwardDeviations(expected: readonly Forward[], forwarded: readonly ForwardedRequest[]): string[] {
  const deviations = forwarded.flatMap(framingFaults);
  const left = [...expected];
  for (const request of forwarded) {
    const name = `${request.method} ${request.target}`;
    const at = left.findIndex(({ kind, method, target }) => {
      return `${method} ${target}` === name && (request.isWhole ? kind !== 'begin' : kind === 'begin');
    });
    if (at < 0) deviations.push(`${request.isWhole ? 'forwarded' : 'begun'}: ${name}`);
    else deviations.push(...differences(left.splice(at, 1)[0]!, request));
  }
  for (const { kind, method, target } of left)
    if (kind === 'need') deviations.push(`not forwarded: ${method} ${target}`);
  return deviations;
}

function differences({ fields, body }: Forward, request: ForwardedRequest): string[] {
  const wrong = fields
    .filter(([name, value]) => request.headers.get(name) !== value)
    .map(([name]) => `forwarded with ${name}: ${request.headers.get(name)}`);
  if (body !== undefined && body !== request.body) wrong.push(`forwarded with the body ${request.body}`);
  return wrong;
}

/** What no request may carry to a backend, however it came. */
function framingFaults({ headers }: ForwardedRequest): string[] {
  const faults = ['http2-settings', 'keep-alive', 'proxy-connection', 'upgrade'].filter((name) =>
    headers.has(name),
  );
  // RFC 9110, section 10.1.4: else the next hop may pass it on.
  if (headers.has('te') && headers.get('connection') !== 'te')
    faults.push('te that Connection does not name');
  if (headers.has('content-length') && headers.has('transfer-encoding')) faults.push('both framings');
  return faults.map((fault) => `forwarded with ${fault}`);
}
