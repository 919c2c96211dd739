import { ERROR_CODE, type Http2Fault, http2Fault } from '../../protocols/http2/errors.ts';
import { type ExchangeError, exchangeError } from '../core/errors.ts';
import type { Repeat } from '../core/upstream.ts';

export interface StreamFailure {
  readonly error: ExchangeError;
  readonly repeat: Repeat;
}

/** What streams are told when their connection has broken: a fault of nobody's that the protocol would name. */
export const CONNECTION_BROKEN: Http2Fault = Object.freeze({
  ...http2Fault('reset-by-peer'),
  detail: 'the connection broke',
});

/** When the instance is gone without a word. */
export const CONNECTION_SILENT: Http2Fault = Object.freeze({
  ...http2Fault('reset-by-peer'),
  detail: 'the instance does not answer a PING',
});

/** And when the instance has stopped reading it. */
export const CONNECTION_STUCK: Http2Fault = Object.freeze({
  ...http2Fault('reset-by-peer'),
  detail: 'the instance does not take what is sent',
});

/**
 * What the end of a stream is to the attempt on it. `hasHead`: the response has begun. `isInnocent`: what has ended the connection is no
 * affair of this request. `isOwn`: it is, for it came on this stream.
 */
export function streamFailure(
  fault: Http2Fault,
  hasHead: boolean,
  isInnocent: boolean,
  isOwn: boolean,
): StreamFailure {
  if (hasHead) return { error: exchangeError('response-cut', fault.detail), repeat: 'never' };
  if (isUnprocessed(fault))
    return { error: exchangeError('connection-lost', `not processed: ${fault.detail}`), repeat: 'any' };
  const isOfOthers = fault.scope === 'connection' && !isOwn;
  if (isOfOthers || fault === CONNECTION_BROKEN || fault === CONNECTION_SILENT) {
    const detail = isOfOthers ? `${CONNECTION_BROKEN.detail}: ${fault.rule}: ${fault.detail}` : fault.detail;
    return { error: exchangeError('connection-lost', detail), repeat: isInnocent ? 'idempotent' : 'never' };
  }
  // No sign of a connection that had died before: the instance has it, and does nothing.
  if (fault === CONNECTION_STUCK)
    return { error: exchangeError('response-timeout', fault.detail), repeat: 'never' };
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
