import { type ErrorName, type ExchangeError, exchangeError } from '../core/errors.ts';

/** The error that a broken rule of a wire format is. Its detail begins with the rule, unless that is what the error is called. */
export function ruleError(
  name: ErrorName,
  { rule, detail }: { readonly rule: string; readonly detail: string },
): ExchangeError {
  return exchangeError(name, rule === name ? detail : `${rule}: ${detail}`);
}
