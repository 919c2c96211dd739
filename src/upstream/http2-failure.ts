import { ERROR_CODE, type Http2Fault, http2Fault } from '../../protocols/http2/errors.ts';
import { type ExchangeError, exchangeError } from '../core/errors.ts';
import type { Repeat } from '../core/upstream.ts';

export interface StreamFailure {
  readonly error: ExchangeError;
  readonly repeat: Repeat;
}

/** What streams are told when their connection has ended, and no rule of the protocol was broken. */
export interface ConnectionEnd extends Http2Fault {
  /** `stuck`: the instance has stopped reading it. */
  readonly kind: 'broken' | 'stuck';
}

export function connectionEnd(kind: ConnectionEnd['kind'], detail: string): ConnectionEnd {
  return { ...http2Fault('reset-by-peer'), kind, detail };
}

/**
 * What the end of a stream is to the attempt on it. `hasHead`: the response has begun. `isInnocent`: what has ended the connection is no
 * affair of this request. `isOwn`: it is, for it came on this stream.
 */
export function streamFailure(
  fault: Http2Fault | ConnectionEnd,
  hasHead: boolean,
  isInnocent: boolean,
  isOwn: boolean,
): StreamFailure {
  if (hasHead) return { error: exchangeError('response-cut', fault.detail), repeat: 'never' };
  if (isUnprocessed(fault))
    return { error: exchangeError('connection-lost', `not processed: ${fault.detail}`), repeat: 'any' };
  const isOfOthers = fault.scope === 'connection' && !isOwn;
  const end = 'kind' in fault ? fault.kind : undefined;
  if (isOfOthers || end === 'broken') {
    const detail = isOfOthers ? `the connection broke: ${fault.rule}: ${fault.detail}` : fault.detail;
    return { error: exchangeError('connection-lost', detail), repeat: isInnocent ? 'idempotent' : 'never' };
  }
  // No sign of a connection that had died before: the instance has it, and does nothing.
  if (end === 'stuck') return { error: exchangeError('response-timeout', fault.detail), repeat: 'never' };
  if (fault.rule === 'reset-by-peer')
    return { error: exchangeError('connection-lost', fault.detail), repeat: 'never' };
  return { error: exchangeError('malformed-response', `${fault.rule}: ${fault.detail}`), repeat: 'never' };
}

/** The instance says that it has not looked at the request (RFC 9113, section 8.7). */
function isUnprocessed(fault: Http2Fault): boolean {
  return (
    fault.rule === 'going-away' ||
    (fault.rule === 'reset-by-peer' && fault.code === ERROR_CODE.REFUSED_STREAM)
  );
}
