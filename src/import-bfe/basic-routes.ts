import { coversHost } from '../config/host-name.ts';
import type { ConditionNode } from '../route/condition/syntax-tree.ts';
import type { AdvancedRoute } from './advanced-routes.ts';
import type { BasicRule, BasicRules } from './basic-rules.ts';
import { ALWAYS, both, call, isAlways } from './condition-tree.ts';
import { whenOf } from './conditions.ts';
import type { Draft } from './draft.ts';
import { shown } from './located.ts';
import type { Product } from './products.ts';
import type { Place, Report } from './report.ts';
import { routeTarget } from './route-target.ts';

type PathRules = ReadonlyMap<string, BasicRule>;

/** A host of BFE's tree, as routes have it. */
interface HostNode {
  /** Undefined: routes without a host. */
  readonly host: string | undefined;
  /** What tells its requests from others that come to these routes. */
  readonly guard: ConditionNode;
  readonly rules: PathRules;
  /** Whether a host that is less specific has rules too, which BFE does not ask after this one. */
  readonly hasLessSpecific: boolean;
}

/** Copies of rules with conditions, at most; more would be a configuration that nobody reads. */
const MAX_COPIES = 2000;

/**
 * Rules by host and path as routes. Portico goes on to the next less specific host or path when a route is not taken; BFE goes to the
 * rules with conditions. Where that makes a difference, those are written again at the place, and an answer of 404 ends them.
 */
export class BasicRoutes {
  readonly #product: Product;
  readonly #advanced: readonly AdvancedRoute[];
  readonly #clusters: ReadonlyMap<string, string>;
  readonly #report: Report;
  readonly #routes: Draft[] = [];
  #copies = 0;

  constructor(
    product: Product,
    advanced: readonly AdvancedRoute[],
    clusters: ReadonlyMap<string, string>,
    report: Report,
  ) {
    this.#product = product;
    this.#advanced = advanced;
    this.#clusters = clusters;
    this.#report = report;
  }

  write(rules: BasicRules): readonly Draft[] {
    const hostless: HostNode[] = [];
    for (const node of this.#nodesOf(rules)) {
      if (node.host === undefined) hostless.push(node);
      else this.#writeOwned(node);
    }
    this.#writeHostless(hostless);
    return this.#routes;
  }

  /** A host of the tenant's own. */
  #writeOwned(node: HostNode): void {
    for (const rule of node.rules.values()) this.#writeRule(node, rule.path, rule);
    if (!node.rules.has('/*') && node.hasLessSpecific)
      this.#addAdvanced(node, undefined, firstOf(node.rules).place);
  }

  /** Hosts that may come and are not the tenant's own are told apart by conditions: at each path, every one of them decides. */
  #writeHostless(nodes: readonly HostNode[]): void {
    const paths = new Set(nodes.flatMap(({ rules }) => [...rules.keys()]));
    for (const path of paths)
      for (const node of nodes) this.#writeRule(node, path, longestFor(node.rules, path));
  }

  /** `rule`: what decides there. */
  #writeRule(node: HostNode, path: string, rule: BasicRule | undefined): void {
    if (rule?.cluster !== undefined) {
      this.#add(node, path, rule.place, routeTarget(rule.cluster, this.#clusters, this.#report));
    } else if (node.hasLessSpecific || isCaught(node.rules, path)) {
      this.#addAdvanced(node, path, (rule ?? firstOf(node.rules)).place);
    }
  }

  #add({ host, guard }: HostNode, path: string, place: Place, target: Draft): void {
    const route: Draft = { ...(host === undefined ? {} : { host }), path, ...whenOf(guard), ...target };
    this.#report.stems(route, place);
    for (const text of this.#report.commentsOn(target)) this.#report.comment(route, text);
    this.#routes.push(route);
  }

  /** The rules with conditions once more, for one place; `path` undefined: for all other paths of the host. */
  #addAdvanced({ host, guard }: HostNode, path: string | undefined, place: Place): void {
    this.#copies += this.#advanced.length + 1;
    if (this.#copies > MAX_COPIES) {
      this.#report.dropped(
        place,
        `${shown(`${host ?? '*'} ${path ?? ''}`)}: the rules with conditions would have to be written out at more than ${MAX_COPIES} places; here the next less specific rule takes what BFE hands to them`,
      );
      return;
    }
    const at = { ...(host === undefined ? {} : { host }), ...(path === undefined ? {} : { path }) };
    const first = this.#routes.length;
    for (const { condition, target } of this.#advanced) {
      this.#routes.push({ ...at, ...whenOf(both(guard, condition)), ...target });
      this.#report.stems(this.#routes.at(-1)!, place);
    }
    const last = this.#advanced.at(-1);
    if (last === undefined || !isAlways(last.condition)) {
      this.#routes.push({ ...at, ...whenOf(guard), respond: { status: 404 } });
      this.#report.stems(this.#routes.at(-1)!, place);
    }
    const text = `${host ?? 'any host'} ${path ?? 'otherwise'}: the rules with conditions, which BFE asks here, and no less specific rule`;
    this.#report.changed(place, text, this.#routes[first]!);
  }

  /** Those without a host in the order in which they are asked: names, wildcards, all. */
  #nodesOf(rules: BasicRules): HostNode[] {
    const [owned, names, wildcards]: [HostNode[], HostNode[], HostNode[]] = [[], [], []];
    const all = rules.get('*');
    for (const [host, ofHost] of rules) {
      if (host === '*') continue;
      const hasLessSpecific = [...rules.keys()].some((other) => other !== host && takes(other, host));
      const node = { rules: ofHost, hasLessSpecific };
      const isWildcard = host.startsWith('*.');
      const guard = isWildcard ? call('req_host_regmatch', oneLabelBelow(host.slice(1))) : ALWAYS;
      const { hosts } = this.#product.tenant;
      if (hosts.some((own) => coversHost(own, host))) {
        owned.push({ host, guard, ...node });
        continue;
      }
      const below = isWildcard ? hosts.filter((own) => takes(host, own) && !rules.has(own)) : [];
      for (const own of below) owned.push({ host: own, guard: ALWAYS, ...node });
      if (!this.#product.takesStrangers) {
        if (below.length === 0) this.#neverAsked(host, ofHost);
      } else if (isWildcard) wildcards.push({ host: undefined, guard, ...node });
      else names.push({ host: undefined, guard: call('req_host_in', host), ...node });
    }
    const last = { host: undefined, guard: ALWAYS, hasLessSpecific: false };
    return [...owned, ...names, ...wildcards, ...(all === undefined ? [] : [{ ...last, rules: all }])];
  }

  #neverAsked(host: string, rules: PathRules): void {
    this.#report.dropped(
      firstOf(rules).place,
      `the rules for ${shown(host)}: host_rule.data does not give that host to ${shown(this.#product.name)}, so BFE never asks them`,
    );
  }
}

function firstOf(rules: PathRules): BasicRule {
  const [first] = rules.values();
  return first!;
}

/** Whether a less specific path would take what BFE hands to the rules with conditions. */
function isCaught(rules: PathRules, path: string): boolean {
  for (const [other, { cluster }] of rules)
    if (other !== path && cluster !== undefined && coversPath(other, path)) return true;
  return false;
}

/** What decides about requests to `path`, itself a path of a rule. */
function longestFor(rules: PathRules, path: string): BasicRule | undefined {
  let longest: BasicRule | undefined;
  for (const rule of rules.values()) {
    if (rule.path === path) return rule;
    if (coversPath(rule.path, path) && rule.path.length > (longest?.path.length ?? 0)) longest = rule;
  }
  return longest;
}

/** `/a/*` covers `/a`, `/a/b` and `/a/b/*`. */
function coversPath(pattern: string, path: string): boolean {
  if (!pattern.endsWith('/*')) return false;
  const bare = path.endsWith('/*') ? path.slice(0, -1) : `${path}/`;
  return bare.startsWith(pattern.slice(0, -1));
}

/** Whether BFE, which lets `*` stand for one label, looks at `pattern` for `host`. */
function takes(pattern: string, host: string): boolean {
  if (pattern === '*') return true;
  if (!pattern.startsWith('*.') || !host.endsWith(pattern.slice(1))) return false;
  const label = host.slice(0, 1 - pattern.length);
  return label !== '' && !label.includes('.') && label !== '*';
}

/** `^[^.]+\.example\.org$`, of `.example.org`. */
function oneLabelBelow(suffix: string): string {
  return `^[^.]+${suffix.replaceAll(/[^a-z0-9_-]/g, '\\$&')}$`;
}
