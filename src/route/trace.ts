import type { ConditionSubject } from './condition/condition-subject.ts';
import type { ConditionTrace } from './condition/condition-trace.ts';
import { routingPath } from './routing-path.ts';
import type { Route } from './target.ts';
import type { Tenant } from './tenant.ts';

/**
 * What became of one route for one request. `unmet`: host and path match, the condition does not hold; `shadowed`: it matches
 * too, but a more specific or earlier one won.
 */
export type Verdict = 'chosen' | 'shadowed' | 'other-host' | 'other-path' | 'unmet';

export interface TraceStep<C> {
  readonly route: Route<C>;
  readonly verdict: Verdict;
  /** Where host and path match, and there is a condition: what it says and why. */
  readonly condition?: ConditionTrace;
  /** The condition's index passes over it, for the request has nothing in common with it: traffic does not ask it. */
  readonly isPassedOver?: boolean;
}

/**
 * Every route of a tenant in order of precedence, with what became of it. `chosen` is what `findRoute` says; the rest
 * is told from each pattern alone, so that a person sees why. For `explain`, not for traffic: it looks at every route.
 */
export function traceRoutes<C>(
  tenant: Tenant<C>,
  host: string,
  path: string,
  subject?: ConditionSubject,
): TraceStep<C>[] {
  const chosen = tenant.findRoute(host, path, subject);
  const candidates = subject === undefined ? undefined : tenant.candidates(host, path, subject);
  return tenant.routes.toSorted(byPrecedence).map((route) => {
    const { settings, condition } = route;
    const isChosen = route === chosen;
    if (!isChosen && settings.host !== undefined && !hostMatches(settings.host, host))
      return { route, verdict: 'other-host' };
    if (!isChosen && settings.path !== undefined && !pathMatches(routingPath(settings.path), path)) {
      return { route, verdict: 'other-path' };
    }
    if (condition === undefined) return { route, verdict: isChosen ? 'chosen' : 'shadowed' };
    const trace = condition.trace(subject!);
    return {
      route,
      verdict: isChosen ? 'chosen' : trace.said === true ? 'shadowed' : 'unmet',
      condition: trace,
      isPassedOver: candidates?.has(route) === false,
    };
  });
}

function hostMatches(pattern: string, host: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === host;
  return host.length > pattern.length - 1 && host.endsWith(pattern.slice(1));
}

function pathMatches(pattern: string, path: string): boolean {
  if (!path.startsWith('/')) return false;
  if (!pattern.endsWith('/*')) return pattern === path;
  const prefix = pattern.slice(0, -2);
  return path === prefix || path.startsWith(`${prefix}/`);
}

function byPrecedence<C>(a: Route<C>, b: Route<C>): number {
  return (
    hostSpecificity(b.settings.host) - hostSpecificity(a.settings.host) ||
    pathSpecificity(b.settings.path) - pathSpecificity(a.settings.path) ||
    Number(a.condition === undefined) - Number(b.condition === undefined) ||
    a.id - b.id
  );
}

/** None, then wildcards by length, then exact names. */
function hostSpecificity(pattern: string | undefined): number {
  if (pattern === undefined) return -1;
  return pattern.startsWith('*.') ? pattern.length : Number.MAX_SAFE_INTEGER;
}

/** None, then prefixes by length, then exact paths. */
function pathSpecificity(pattern: string | undefined): number {
  if (pattern === undefined) return -1;
  return pattern.endsWith('/*') ? routingPath(pattern).length : Number.MAX_SAFE_INTEGER;
}
