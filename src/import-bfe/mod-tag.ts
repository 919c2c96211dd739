import type { CallNode, ConditionNode } from '../route/condition/syntax-tree.ts';
import { either } from './condition-tree.ts';
import { whenOf } from './conditions.ts';
import { type Draft, plainTemplate } from './draft.ts';
import { shown } from './located.ts';
import { readDataFile, readModuleRules } from './module-files.ts';
import { type ModuleImport, passNotes, readConditioned } from './module-import.ts';
import type { Product } from './products.ts';
import { RuleChain } from './rule-chain.ts';

/** A tag that is set, and the condition under which it is. */
interface TagRule {
  readonly tag: string;
  readonly value: string;
  readonly condition: ConditionNode;
}

export type TagRules = ReadonlyMap<Product, readonly TagRule[]>;

/** `mod_tag`: marks that conditions of modules behind it look at. */
export function importTag(context: ModuleImport): TagRules {
  const { tree, report, products, lists } = context;
  const file = readDataFile(tree, 'mod_tag', 'mod_tag/tag_rule.data', report);
  const set = new Map<Product, TagRule[]>();
  for (const { product, name, rules } of readModuleRules(tree, file, products, report, false)) {
    const chain = new RuleChain();
    const ofProduct: TagRule[] = [];
    if (product !== undefined) set.set(product, ofProduct);
    rules.forEach((node, i) => {
      const rule = readConditioned(node, i, name, context);
      if (rule === undefined) return;
      const param = rule.fields.fields('Param');
      const [tag, value] = [param?.text('TagName'), param?.text('TagValue')];
      param?.end();
      const last = rule.fields.flag('Last');
      rule.fields.end();
      const effective = chain.effective(rule.condition);
      if (last?.value === true) chain.endAt(rule.condition);
      if (tag === undefined || value === undefined) {
        report.dropped(node.place, `${rule.what} needs TagName and TagValue`);
      } else if (effective === undefined) {
        report.kept(node.place, `${rule.what} is left out: a rule with Last before it always holds`);
      } else {
        const entry: Draft = { ...whenOf(effective), tag: { [tag.value]: plainTemplate(value.value) } };
        passNotes(rule.notes, entry, report);
        ofProduct.push({ tag: tag.value, value: value.value, condition: effective });
        if (lists.add(product, [entry], node.place, rule.what))
          report.kept(node.place, `${rule.what}, as tag; of several with one name the last counts`);
      }
    });
  }
  return set;
}

/**
 * `req_tag_match` by the conditions under which its tag is set: here tags are set when the route is chosen already. Undefined for other
 * primitives, a sentence when nobody sets the tag.
 */
export function tagCondition(
  { name, args }: CallNode,
  rules: readonly TagRule[],
): ConditionNode | string | undefined {
  if (name !== 'req_tag_match' || args.length !== 2) return undefined;
  const [type, wanted] = args.map(({ value }) => String(value)) as [string, string];
  const setters = rules.filter(
    ({ tag, value }) => tag === type && (value === wanted || value.startsWith(`${wanted}:`)),
  );
  const [first, ...rest] = setters.map(({ condition }) => condition);
  return first === undefined
    ? `no rule of mod_tag sets ${shown(type)} to ${shown(wanted)}`
    : either([first, ...rest]);
}
