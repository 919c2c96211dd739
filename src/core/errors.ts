/**
 * What can go wrong with an exchange or a session, as data. A peer's fault never travels as an exception: an
 * `ExchangeError` is a frozen value that names itself (stable, in logs and metrics), says whose fault it is, and which
 * status it is answered with when an answer is still possible.
 */

/** Whose fault: the client's, the backend's, or ours. */
export type Side = 'downstream' | 'upstream' | 'portico';

export interface ExchangeError {
  readonly name: ErrorName;
  readonly side: Side;
  /** Status of the local answer; 0: no answer is due (the peer is gone). */
  readonly status: number;
  /** One sentence fragment for people: what was seen. Never holds header values or bodies. */
  readonly detail: string;
}

/** Names are stable: logs, metrics and docs/errors.md hold them. */
export type ErrorName =
  | 'malformed-request'
  | 'request-timeout'
  | 'body-too-large'
  | 'target-too-long'
  | 'expectation-failed'
  | 'head-too-large'
  | 'transfer-coding-unknown'
  | 'method-not-implemented'
  | 'version-not-supported'
  | 'misdirected-request'
  | 'client-gone'
  | 'client-too-slow'
  | 'proxy-protocol-error'
  | 'client-reset'
  | 'tls-handshake-failed'
  | 'http2-protocol-error'
  | 'http2-flood'
  | 'connect-failed'
  | 'connect-timeout'
  | 'backend-tls-failed'
  | 'upgrade-not-offered'
  | 'malformed-response'
  | 'connection-lost'
  | 'response-timeout'
  | 'total-timeout'
  | 'response-cut'
  | 'backend-reset'
  | 'no-tenant'
  | 'no-route'
  | 'no-healthy-instance'
  | 'instances-full'
  | 'load-shed'
  | 'bodies-full'
  | 'breaker-open'
  | 'draining'
  | 'idle-timeout'
  | 'module-failed'
  | 'module-timeout'
  | 'handler-failed'
  | 'internal-error'
  | 'denied-by-module';

const ERROR_TABLE: Readonly<Record<ErrorName, readonly [Side, status: number]>> = {
  // downstream: what the client sent
  'malformed-request': ['downstream', 400],
  'request-timeout': ['downstream', 408],
  'body-too-large': ['downstream', 413],
  'target-too-long': ['downstream', 414],
  'expectation-failed': ['downstream', 417],
  'head-too-large': ['downstream', 431],
  'transfer-coding-unknown': ['downstream', 501],
  'method-not-implemented': ['downstream', 501],
  'version-not-supported': ['downstream', 505],
  'misdirected-request': ['downstream', 421],
  'client-gone': ['downstream', 0],
  'client-too-slow': ['downstream', 0],
  'proxy-protocol-error': ['downstream', 0],
  'client-reset': ['downstream', 0],
  'tls-handshake-failed': ['downstream', 0],
  'http2-protocol-error': ['downstream', 0],
  'http2-flood': ['downstream', 0],
  // upstream: what the backend did
  'connect-failed': ['upstream', 502],
  'connect-timeout': ['upstream', 504],
  'backend-tls-failed': ['upstream', 502],
  'upgrade-not-offered': ['upstream', 502],
  'malformed-response': ['upstream', 502],
  'connection-lost': ['upstream', 502],
  'response-timeout': ['upstream', 504],
  'total-timeout': ['upstream', 504],
  'response-cut': ['upstream', 502],
  'backend-reset': ['upstream', 0],
  // portico: configuration, state, our own faults
  'no-tenant': ['portico', 404],
  'no-route': ['portico', 404],
  'no-healthy-instance': ['portico', 503],
  'instances-full': ['portico', 503],
  'load-shed': ['portico', 503],
  'bodies-full': ['portico', 503],
  'breaker-open': ['portico', 503],
  draining: ['portico', 503],
  'idle-timeout': ['portico', 0],
  'module-failed': ['portico', 500],
  'module-timeout': ['portico', 503],
  'handler-failed': ['portico', 500],
  'internal-error': ['portico', 500],
  'denied-by-module': ['portico', 403],
};

export const ERROR_NAMES: readonly ErrorName[] = Object.freeze(Object.keys(ERROR_TABLE) as ErrorName[]);

/** Makes an error value; side and status come from the table. */
export function exchangeError(name: ErrorName, detail: string): ExchangeError {
  const [side, status] = ERROR_TABLE[name];
  return { name, side, status, detail };
}
