import type { Http1Fault } from '../../protocols/http1/errors.ts';
import type { ErrorName, ExchangeError } from '../core/errors.ts';
import { ruleError } from './rule-error.ts';

/** The error that a fault of the wire format is for the exchange; by status, which the two tables share, but for the two kinds of 501. */
export function requestError(fault: Http1Fault): ExchangeError {
  const name = fault.rule === 'method-not-implemented' ? fault.rule : NAMES[fault.status];
  return ruleError(name, fault);
}

const NAMES: Readonly<Record<Http1Fault['status'], ErrorName>> = {
  400: 'malformed-request',
  414: 'target-too-long',
  417: 'expectation-failed',
  431: 'head-too-large',
  501: 'transfer-coding-unknown',
  505: 'version-not-supported',
};
