import type { Http2Fault } from '../../protocols/http2/errors.ts';
import { type ErrorName, type ExchangeError, exchangeError } from '../core/errors.ts';
import { ruleError } from './rule-error.ts';

/** The error of a request that never became an exchange. Without a status in the fault the stream was reset. */
export function refusedRequestError(fault: Http2Fault): ExchangeError {
  if (fault.status === 0) return faultError(fault);
  const name = fault.status === 501 ? 'method-not-implemented' : NAMES[fault.status];
  return ruleError(name, fault);
}

/** The error that the end of a stream is to its exchange. */
export function streamError(fault: Http2Fault): ExchangeError {
  return fault.rule === 'reset-by-peer' ? exchangeError('client-gone', fault.detail) : faultError(fault);
}

/** What has ended a connection, or a stream by the client's fault. */
export function faultError(fault: Http2Fault): ExchangeError {
  const name = FLOODS.has(fault.rule) ? 'http2-flood' : 'http2-protocol-error';
  return ruleError(name, fault);
}

const NAMES: Readonly<Record<414 | 417 | 431, ErrorName>> = {
  414: 'target-too-long',
  417: 'expectation-failed',
  431: 'head-too-large',
};

/** Not wrong by themselves: too much of them. */
const FLOODS: ReadonlySet<string> = new Set<Http2Fault['rule']>([
  'too-many-glitches',
  'too-many-continuations',
  'header-block-too-large',
]);
