import type { RequestHead } from '../../protocols/http/message.ts';
import { type ExchangeError, exchangeError } from '../core/errors.ts';

/**
 * What a request is answered with that may go no further, and has to be answered as by the one it was for (RFC 9110, section 7.6.2).
 * Undefined: with 200, as an OPTIONS that is for us. A TRACE is not reflected: it would show scripts what browsers keep from them.
 */
export function lastHopError({ method }: RequestHead): ExchangeError | undefined {
  if (method === 'OPTIONS') return undefined;
  return exchangeError('method-not-implemented', `${method} may go no further, and is not answered here`);
}
