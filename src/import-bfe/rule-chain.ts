import type { ConditionNode } from '../route/condition/syntax-tree.ts';
import { both, excludes, isAlways, opposite } from './condition-tree.ts';

/**
 * Rules that BFE asks in order, some of which end the asking when they hold (`Last`, `ALLOW`). Portico's modules are all asked, so a
 * rule gets the opposite of those before it into its condition.
 */
export class RuleChain {
  readonly #ends: ConditionNode[];

  constructor(ends: readonly ConditionNode[] = []) {
    this.#ends = [...ends];
  }

  /** One that goes on where this one is, and not back into it. */
  copy(): RuleChain {
    return new RuleChain(this.#ends);
  }

  /** The condition under which a rule takes effect; undefined: it never does. */
  effective(condition: ConditionNode): ConditionNode | undefined {
    let effective = condition;
    for (const end of this.#ends) {
      if (isAlways(end)) return undefined;
      if (!excludes(end, condition)) effective = both(effective, opposite(end));
    }
    return effective;
  }

  /** Rules from here on are asked only where this one does not hold. */
  endAt(condition: ConditionNode): void {
    this.#ends.push(condition);
  }
}
