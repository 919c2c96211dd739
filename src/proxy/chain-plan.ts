import type { Module } from '../core/callback-points.ts';
import type { RequestFacts } from '../core/request-facts.ts';
import type { Condition } from '../route/condition/compile-condition.ts';
import type { ConditionTrace } from '../route/condition/condition-trace.ts';
import type { RequestSubject } from '../route/request-subject.ts';
import { Chains, type ModuleWatch } from './chains.ts';

/** A module in its place among others. */
export interface PlacedModule {
  readonly module: Module;
  /** It runs only for requests for which this holds; undefined: for all. */
  readonly condition?: Condition | undefined;
  /** It is there for all requests, and itself asks this of each response; undefined: it does not. */
  readonly responseCondition?: Condition | undefined;
}

/** A module on the way of a request, and what its condition said, where it has one. */
export interface TracedModule extends PlacedModule {
  readonly trace: ConditionTrace | undefined;
}

/**
 * The modules of one place in the configuration, and the chains that they make: one for all requests, or, where modules have
 * conditions, one for each set of conditions that was seen to hold. So a condition is asked once for a head and its repetitions, and the
 * chains know nothing of it.
 */
export class ChainPlan {
  readonly modules: readonly PlacedModule[];
  readonly #watch: ModuleWatch;
  /** Neither conditions nor tags: nothing depends on the request. */
  readonly #isFixed: boolean;
  /** By what holds, one character for each module with a condition. */
  readonly #chains = new Map<string, Chains>();

  constructor(modules: readonly PlacedModule[], watch: ModuleWatch) {
    this.modules = modules;
    this.#watch = watch;
    this.#isFixed = modules.every(
      ({ module, condition }) => condition === undefined && module.tag === undefined,
    );
  }

  /** Conditions are asked in the order of the modules; the request is tagged by those for which they hold. */
  chainsFor(request: PlannedRequest): Chains {
    const key = this.#isFixed ? '' : this.#whatHolds(request);
    const known = this.#chains.get(key);
    if (known !== undefined) return known;
    let at = 0;
    const active = this.modules.filter(({ condition }) => condition === undefined || key[at++] === '1');
    const chains = new Chains(
      active.map(({ module }) => module),
      this.#watch,
      key.endsWith(UNTAGGED),
    );
    // Clients choose what holds: beyond this the chains are made anew for each head.
    if (this.#chains.size < MAX_KEPT_CHAINS) this.#chains.set(key, chains);
    return chains;
  }

  /** What `chainsFor` has found, with the reasons: it asks again, in the same order. For `explain`. */
  trace(request: PlannedRequest): readonly TracedModule[] {
    const { subject } = request;
    // As a request begins: conditions see the tags of what stands before them.
    subject.tagged = [];
    return this.modules.map((placed) => {
      const trace = placed.condition?.trace(subject);
      if (trace?.said !== false && placed.module.tag !== undefined) this.#tag(placed.module, request);
      return { ...placed, trace };
    });
  }

  #whatHolds(request: PlannedRequest): string {
    const { subject } = request;
    let key = '';
    let isTagged = true;
    for (const { module, condition } of this.modules) {
      const isActive = condition === undefined || condition.holds(subject);
      if (condition !== undefined) key += isActive ? '1' : '0';
      if (isActive && module.tag !== undefined) isTagged = this.#tag(module, request) && isTagged;
    }
    return isTagged ? key : key + UNTAGGED;
  }

  /** False: it failed, which was reported. */
  #tag(module: Module, request: PlannedRequest): boolean {
    try {
      const { subject } = request;
      subject.tagged = [...subject.tagged, ...module.tag!(request)];
      return true;
    } catch (error) {
      this.#watch.failed(module, 'tag', error);
      return false;
    }
  }
}

/** A request, and what conditions are asked of it. */
interface PlannedRequest extends RequestFacts {
  readonly subject: RequestSubject;
}

/** Behind a key: a tag is missing that what stands behind may have looked for. */
const UNTAGGED = '!';

/** Sets of conditions that hold together; few of the possible ones ever do. Each costs some hundred bytes. */
export const MAX_KEPT_CHAINS = 64;
