import type { Module } from '../../core/callback-points.ts';
import type { HeadersSettings } from '../../core/module-settings.ts';
import { HeaderChanges } from './header-changes.ts';

/**
 * Changes header fields of requests on their way to instances, and of responses on their way to clients. What it does to a request
 * follows from its head, and is done once for a head and its repetitions; so it is with responses, unless a value has variables.
 */
export function createHeaders(settings: HeadersSettings): Omit<Module, 'name'> {
  const request = new HeaderChanges(settings.request, 'request');
  const response = new HeaderChanges(settings.response, 'response');
  return {
    ...(request.isEmpty
      ? {}
      : { rewriteRequest: (_session, _head, headers, facts) => request.apply(headers, facts) }),
    ...responseFunction(response),
  };
}

/** Interim responses are left alone: what is said of a response is meant for the final one. */
function responseFunction(changes: HeaderChanges): Pick<Module, 'rewriteResponse' | 'rewriteEachResponse'> {
  if (changes.isEmpty) return {};
  if (changes.isFixed)
    return { rewriteResponse: ({ status }, headers) => (status < 200 ? headers : changes.apply(headers)) };
  return {
    rewriteEachResponse: (exchange, { status }, headers) =>
      status < 200 ? headers : changes.apply(headers, exchange.facts, exchange),
  };
}
