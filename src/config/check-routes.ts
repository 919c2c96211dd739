import { KNOWN_TO_ROUTES } from '../route/condition/known-facts.ts';
import { checkCondition } from './check-condition.ts';
import { checkMirror } from './check-mirror.ts';
import { checkReference } from './check-names.ts';
import { checkResponse } from './check-response.ts';
import { checkSplit } from './check-split.ts';
import { coversHost, readHostPattern } from './host-name.ts';
import { Refusal } from './leaf.ts';
import { didYouMean } from './nearest-name.ts';
import { type Complaint, complain, complainAboutKey, complainOfAbsence, type Path } from './problem.ts';
import { isMapping, listOf, memberOf } from './raw.ts';

const TARGETS = ['cluster', 'split', 'handler', 'redirect', 'respond'];

/** What routes may lead to, by name. */
export interface RouteTargets {
  readonly clusters: ReadonlySet<string>;
  readonly handlers: ReadonlySet<string>;
}

/** The routes of one tenant. `hosts`: the tenant's, as read; complaints are added to the list. */
export function checkRoutes(
  tenant: string,
  routes: unknown,
  hosts: readonly string[],
  { clusters, handlers }: RouteTargets,
  complaints: Complaint[],
): void {
  const seen = new Map<string, number>();
  listOf(routes).forEach((route, i) => {
    if (!isMapping(route)) return;
    const path: Path = ['tenants', tenant, 'routes', i];
    checkTarget(route, path, complaints);
    const dangling = checkReference('cluster', memberOf(route, 'cluster'), clusters, [...path, 'cluster']);
    if (dangling !== undefined) complaints.push(dangling);
    complaints.push(...checkSplit(route, path, clusters));
    checkHandler(memberOf(route, 'handler'), handlers, [...path, 'handler'], complaints);
    complaints.push(...checkMirror(route, path, clusters));
    const host = checkRouteHost(memberOf(route, 'host'), hosts, path, complaints);
    checkResponse(memberOf(route, 'respond'), [...path, 'respond'], complaints);
    const when = memberOf(route, 'when');
    const unreadable = checkCondition(when, [...path, 'when'], KNOWN_TO_ROUTES);
    if (unreadable !== undefined) complaints.push(unreadable);

    if (host instanceof Refusal) return;
    // Routes with conditions may share their place with others.
    const key = `${host ?? ''} ${String(memberOf(route, 'path') ?? '')} ${String(when ?? '')}`;
    const first = seen.get(key);
    if (first === undefined) seen.set(key, i);
    else complaints.push(complain(path, neverChosen(first, when !== undefined)));
  });
}

function checkHandler(
  name: unknown,
  handlers: ReadonlySet<string>,
  path: Path,
  complaints: Complaint[],
): void {
  if (typeof name !== 'string' || handlers.has(name)) return;
  const hint =
    handlers.size === 0
      ? 'handlers come from a program that embeds Portico: createServer(…, { handlers })'
      : didYouMean(name, handlers);
  complaints.push(complain(path, `there is no handler ${JSON.stringify(name)}`, hint));
}

function neverChosen(first: number, hasCondition: boolean): string {
  const same = hasCondition ? 'host, path and condition' : 'host and path';
  return `the same ${same} as route ${first + 1} of this tenant: it would never be chosen`;
}

function checkTarget(route: object, path: Path, complaints: Complaint[]): void {
  const [first, second] = Object.keys(route).filter((key) => TARGETS.includes(key));
  if (first === undefined) {
    complaints.push(
      complainOfAbsence(path, 'the route leads nowhere', 'give it one of cluster, split, redirect, respond'),
    );
  } else if (second !== undefined) {
    complaints.push(
      complainAboutKey([...path, second], `the route has ${first} and ${second}: only one is possible`),
    );
  }
}

function checkRouteHost(
  written: unknown,
  hosts: readonly string[],
  path: Path,
  complaints: Complaint[],
): string | undefined | Refusal {
  if (written === undefined) return undefined;
  const host = readHostPattern(written);
  if (host instanceof Refusal || hosts.some((pattern) => coversHost(pattern, host))) return host;
  const exact = hosts.filter((pattern) => !pattern.startsWith('*.'));
  const hint = didYouMean(host, exact) ?? "add it to the tenant's hosts";
  complaints.push(
    complainOfAbsence([...path, 'host'], `${JSON.stringify(host)} is not one of the tenant's hosts`, hint),
  );
  return host;
}
