import type { Module } from '../core/callback-points.ts';
import type { Condition } from '../route/condition/compile-condition.ts';
import type { Location } from './location.ts';

/**
 * A module of which only what it does to responses is wanted, and only for those of which the condition holds. That is asked of each
 * response, with the headers that the modules before it have left; the request is seen as it was located.
 */
export function onResponses(module: Module, condition: Condition): Module {
  const { name, place, rewriteResponse, rewriteEachResponse } = module;
  return {
    name,
    ...(place === undefined ? {} : { place }),
    rewriteEachResponse: (exchange, head, headers) => {
      const { subject } = exchange.facts as Location;
      if (!subject.holdsOfResponse(condition, { status: head.status, headers })) return headers;
      const rewritten = rewriteResponse?.(head, headers) ?? headers;
      return rewriteEachResponse?.(exchange, head, rewritten) ?? rewritten;
    },
  };
}
