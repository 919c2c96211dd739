import type { HeaderList } from '../../protocols/http/header-list.ts';
import type { MirrorSettings, RouteSettings, TargetSettings } from '../core/settings.ts';
import { type Condition, compileCondition } from './condition/compile-condition.ts';
import { ConditionFault } from './condition/condition-fault.ts';
import { KNOWN_TO_ROUTES } from './condition/known-facts.ts';
import { RouteMirror } from './route-mirror.ts';
import { Split } from './split.ts';

/** One way to an answer. Frozen; built once per snapshot and shared by every exchange that takes it. */
export interface Route<C> {
  readonly tenant: string;
  /** Position in the tenant's list. */
  readonly id: number;
  /**
   * Host and path as configured, for logs: `/api/*`, `a.example.org/api/*`, `a.example.org`, or `default`. Of a route with a
   * condition also its place in the tenant's list, from 1, because others may have the same host and path: `/api/* when #2`.
   */
  readonly pattern: string;
  readonly settings: RouteSettings;
  readonly condition: Condition | undefined;
  readonly target: Target<C>;
  readonly mirror: RouteMirror<C> | undefined;
}

/** Where a route leads. The header lists are complete but for what every local answer gets (x-request-id, date). */
export type Target<C> = ClusterTarget<C> | SplitTarget<C> | HandlerTarget | RedirectTarget | RespondTarget;

interface ClusterTarget<C> {
  readonly kind: 'cluster';
  readonly cluster: C;
}

interface SplitTarget<C> {
  readonly kind: 'split';
  readonly split: Split<C>;
}

interface HandlerTarget {
  readonly kind: 'handler';
  readonly handler: string;
}

interface RedirectTarget extends FixedAnswer {
  readonly kind: 'redirect';
  readonly url: string;
}

interface RespondTarget extends FixedAnswer {
  readonly kind: 'respond';
}

export interface FixedAnswer {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body: string;
}

/** Throws when a cluster is not among `clusters`, or the condition cannot be read: validated settings have none such. */
export function buildRoute<C>(
  tenant: string,
  id: number,
  settings: RouteSettings,
  clusters: ReadonlyMap<string, C>,
): Route<C> {
  const { host = '', path = '', when } = settings;
  const place = [`${host}${path}`, when === undefined ? '' : `when #${id + 1}`].filter((part) => part !== '');
  const pattern = place.join(' ') || 'default';
  const condition = buildCondition(when);
  const target = buildTarget(settings.target, clusters);
  const mirror = buildMirror(settings.mirror, clusters);
  return Object.freeze({ tenant, id, pattern, settings, condition, target, mirror });
}

/** Whether the clusters that a route leads to are still those of their names. */
export function keepsClusters<C>(
  { settings, target, mirror }: Route<C>,
  clusters: ReadonlyMap<string, C>,
): boolean {
  if (mirror !== undefined && clusters.get(mirror.settings.cluster) !== mirror.cluster) return false;
  if (target.kind === 'cluster')
    return settings.target.kind === 'cluster' && clusters.get(settings.target.cluster) === target.cluster;
  if (target.kind !== 'split' || settings.target.kind !== 'split') return true;
  const named = settings.target.shares;
  return target.split.shares.every(({ cluster }, i) => clusters.get(named[i]!.cluster) === cluster);
}

function buildCondition(text: string | undefined): Condition | undefined {
  const condition = text === undefined ? undefined : compileCondition(text, { known: KNOWN_TO_ROUTES });
  if (condition instanceof ConditionFault) throw condition;
  return condition;
}

function buildMirror<C>(
  settings: MirrorSettings | undefined,
  clusters: ReadonlyMap<string, C>,
): RouteMirror<C> | undefined {
  if (settings === undefined) return undefined;
  return new RouteMirror(clusterOf(settings.cluster, clusters), settings);
}

function buildTarget<C>(settings: TargetSettings, clusters: ReadonlyMap<string, C>): Target<C> {
  switch (settings.kind) {
    case 'cluster':
      return Object.freeze({ kind: 'cluster', cluster: clusterOf(settings.cluster, clusters) });
    case 'split': {
      const shares = settings.shares.map(({ cluster, weight }) => ({
        cluster: clusterOf(cluster, clusters),
        weight,
      }));
      return Object.freeze({ kind: 'split', split: new Split(shares, settings.splitOn) });
    }
    case 'handler':
      return Object.freeze({ kind: 'handler', handler: settings.handler });
    case 'redirect': {
      const body = `See ${settings.to}\n`;
      const headers = withContentType(['location', settings.to], body);
      return Object.freeze({ kind: 'redirect', url: settings.to, status: settings.status, headers, body });
    }
    case 'respond': {
      const { status, body } = settings;
      const given = settings.headers.flatMap(([name, value]) => [name.toLowerCase(), value]);
      return Object.freeze({ kind: 'respond', status, headers: withContentType(given, body), body });
    }
  }
}

function clusterOf<C>(name: string, clusters: ReadonlyMap<string, C>): C {
  const cluster = clusters.get(name);
  if (cluster === undefined) throw new Error(`route to unknown cluster ${name}`);
  return cluster;
}

/** Text is what a body in a configuration file is, unless its headers say otherwise. */
function withContentType(headers: string[], body: string): HeaderList {
  const isNamed = headers.some((field, i) => i % 2 === 0 && field === 'content-type');
  if (body !== '' && !isNamed) headers.push('content-type', 'text/plain; charset=utf-8');
  return Object.freeze(headers);
}
