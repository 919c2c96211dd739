import { type ExchangeError, exchangeError } from '../core/errors.ts';

/** For a request whose body is larger than `bytes`, or says that it will be. */
export function bodyTooLarge(bytes: number): ExchangeError {
  return exchangeError('body-too-large', `the request body is larger than ${bytes} bytes`);
}
