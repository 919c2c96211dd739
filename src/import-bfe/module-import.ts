import type { LateFact } from '../route/condition/condition-subject.ts';
import { KNOWN_TO_MODULES } from '../route/condition/known-facts.ts';
import type { ConditionNode } from '../route/condition/syntax-tree.ts';
import type { Conditions } from './conditions.ts';
import type { Draft } from './draft.ts';
import { type Field, Fields } from './fields.ts';
import { type Located, shown } from './located.ts';
import type { ModuleLists } from './module-lists.ts';
import type { Products } from './products.ts';
import type { Report } from './report.ts';
import type { Tree } from './tree.ts';

/** What the import of a module works with. */
export interface ModuleImport {
  readonly tree: Tree;
  readonly products: Products;
  readonly conditions: Conditions;
  readonly lists: ModuleLists;
  readonly report: Report;
}

/** A rule with its condition, as nearly all modules have them. */
export interface ConditionedRule {
  readonly fields: Fields;
  readonly condition: ConditionNode;
  /** For messages: `rule 2 of "shop"`. */
  readonly what: string;
  /** What is said of the condition; to be handed on to the module that is made. */
  readonly notes: Draft;
}

/** Reads the condition of a rule; undefined after it was reported why there is none. */
export function readConditioned(
  node: Located,
  i: number,
  product: string,
  { conditions, report }: ModuleImport,
  facts: readonly ReadonlySet<LateFact>[] = [KNOWN_TO_MODULES],
): ConditionedRule | undefined {
  const what = `rule ${i + 1} of ${shown(product)}`;
  const fields = new Fields(node, what, report);
  const cond = fields.text('Cond');
  if (cond === undefined) {
    report.dropped(node.place, `${what} has no Cond`);
    return undefined;
  }
  const notes: Draft = {};
  const condition = conditions.read(cond, what, notes, facts);
  return condition && { fields, condition, what, notes };
}

/** One of the actions of a rule. */
export interface RuleAction {
  readonly command: Field<string>;
  readonly params: readonly Field<string>[];
}

/** The actions of a rule, but for those without a command: these are reported. */
export function* actionsOf({ fields, what }: ConditionedRule, report: Report): Generator<RuleAction> {
  for (const node of fields.list('Actions')) {
    const action = new Fields(node, `an action of ${what}`, report);
    const command = action.text('Cmd');
    const params = action.texts('Params');
    action.end();
    if (command === undefined) report.dropped(node.place, `an action of ${what} has no Cmd`);
    else yield { command, params };
  }
}

/** Hands what was said of a condition on to the entry that it became a part of. */
export function passNotes(notes: Draft, entry: Draft | undefined, report: Report): void {
  if (entry !== undefined) for (const text of report.commentsOn(notes)) report.comment(entry, text);
}
