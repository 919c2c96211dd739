import { ConditionIndex } from './condition/condition-index.ts';
import type { ConditionSubject } from './condition/condition-subject.ts';
import type { Route } from './target.ts';

/**
 * The routes of one host and path. Those with a condition are asked in the order of the file, then comes the one without, wherever
 * it stands among them.
 */
export class RoutePlace<C> {
  /** The next less specific place of the same host; undefined: there is none. */
  above: RoutePlace<C> | undefined = undefined;
  readonly #conditional: ConditionIndex<Route<C>> | undefined;
  readonly #plain: Route<C> | undefined;

  constructor(routes: readonly Route<C>[]) {
    const conditional = routes.flatMap((route) =>
      route.condition === undefined ? [] : [{ condition: route.condition, value: route }],
    );
    this.#conditional = conditional.length === 0 ? undefined : new ConditionIndex(conditional);
    this.#plain = routes.find((route) => route.condition === undefined);
  }

  /** `subject` must be there when the tenant `hasConditions`. */
  find(subject: ConditionSubject | undefined): Route<C> | undefined {
    return this.#conditional?.find(subject!) ?? this.#plain;
  }

  /** The conditional routes that `find` does not pass over. */
  candidates(subject: ConditionSubject): readonly Route<C>[] {
    return this.#conditional?.candidates(subject) ?? [];
  }
}
