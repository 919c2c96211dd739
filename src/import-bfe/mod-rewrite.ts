import { whenOf } from './conditions.ts';
import { type Draft, plainTemplate } from './draft.ts';
import type { Field } from './fields.ts';
import { shown } from './located.ts';
import { readDataFile, readModuleRules } from './module-files.ts';
import {
  actionsOf,
  type ConditionedRule,
  type ModuleImport,
  passNotes,
  readConditioned,
} from './module-import.ts';
import type { Place, Report } from './report.ts';
import { RuleChain } from './rule-chain.ts';

/** `mod_rewrite`: changes of host, path and query on the way to the backend. */
export function importRewrite(context: ModuleImport): void {
  const { tree, report, products, lists } = context;
  const file = readDataFile(tree, 'mod_rewrite', 'mod_rewrite/rewrite.data', report);
  for (const { product, name, rules, place } of readModuleRules(tree, file, products, report, false)) {
    const chain = new RuleChain();
    rules.forEach((node, i) => {
      const rule = readConditioned(node, i, name, context);
      if (rule === undefined) return;
      const last = rule.fields.flag('Last');
      const rewrites = readActions(rule, report);
      rule.fields.end();
      const effective = chain.effective(rule.condition);
      if (last?.value === true) chain.endAt(rule.condition);
      if (effective === undefined) {
        report.kept(node.place, `${rule.what} is left out: a rule with Last before it always holds`);
        return;
      }
      const entries = rewrites.map((rewrite): Draft => ({ ...whenOf(effective), rewrite }));
      passNotes(rule.notes, entries[0], report);
      if (entries.length > 0 && lists.add(product, entries, node.place, rule.what))
        report.kept(node.place, `${rule.what}, as rewrite`);
    });
    if (rules.length > 1)
      report.changed(
        place,
        'mod_rewrite: conditions see the request as the client has sent it, not as a rule before has left it',
      );
  }
}

/** In this order Portico makes the changes of one `rewrite`; of two of a kind, or in another order, several are made. */
const ORDER = ['host', 'path', 'replace', 'addPrefix', 'keep', 'delete', 'rename', 'add'];

function readActions(rule: ConditionedRule, report: Report): Draft[] {
  const rewrites: Draft[] = [];
  let rank = ORDER.length;
  for (const { command, params } of actionsOf(rule, report)) {
    const step = readStep(command.value.toUpperCase(), params, command.place, report);
    if (step === undefined) continue;
    const wanted = ORDER.indexOf(step.kind);
    if (wanted <= rank) rewrites.push({});
    rank = wanted;
    const rewrite = rewrites.at(-1)!;
    if (wanted < ORDER.indexOf('keep')) rewrite[step.kind] = step.value;
    else rewrite['query'] = { ...(rewrite['query'] as Draft | undefined), [step.kind]: step.value };
  }
  return rewrites;
}

interface Step {
  readonly kind: string;
  readonly value: NonNullable<Draft[string]>;
}

function readStep(
  command: string,
  params: readonly Field<string>[],
  place: Place,
  report: Report,
): Step | undefined {
  const values = params.map(({ value }) => value);
  const [first, second] = values;
  const wanted = PARAMS.get(command);
  if (wanted === undefined || values.length < wanted[0] || values.length > wanted[1]) {
    report.dropped(
      place,
      wanted === undefined
        ? `BFE knows no action ${shown(command)}`
        : `${command} with ${values.length} Params`,
    );
    return undefined;
  }
  switch (command) {
    case 'HOST_SET':
      return { kind: 'host', value: plainTemplate(first!) };
    case 'PATH_SET':
      return { kind: 'path', value: plainTemplate(first!) };
    case 'PATH_PREFIX_ADD':
      return prefixed(first!);
    case 'PATH_PREFIX_TRIM':
      return { kind: 'replace', value: { pattern: `^${escaped(first!)}/?`, with: '/' } };
    case 'QUERY_ADD':
      return { kind: 'add', value: { [first!]: plainTemplate(second!) } };
    case 'QUERY_RENAME':
      return { kind: 'rename', value: { [first!]: second! } };
    case 'QUERY_DEL':
      return { kind: 'delete', value: values };
    case 'QUERY_DEL_ALL_EXCEPT':
      return { kind: 'keep', value: values };
    default:
      report.dropped(place, `${command}: ${UNTAKEN.get(command)}`);
      return undefined;
  }
}

/** BFE puts the text in front as it is: `/a` before `/b` is `/ab`. */
function prefixed(prefix: string): Step {
  const text = prefix.startsWith('/') ? prefix : `/${prefix}`;
  if (/^(?:\/[\x21-\x7e]+)+\/$/.test(text) && !/[?#*]|\/\//.test(text))
    return { kind: 'addPrefix', value: text.slice(0, -1) };
  return { kind: 'replace', value: { pattern: '^/', with: text.replaceAll('$', '$$$$') } };
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** How many Params an action has, at least and at most. */
const PARAMS: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['HOST_SET', [1, 1]],
  ['HOST_SET_FROM_PATH_PREFIX', [0, 0]],
  ['HOST_SUFFIX_REPLACE', [2, 2]],
  ['PATH_SET', [1, 1]],
  ['PATH_PREFIX_ADD', [1, 1]],
  ['PATH_PREFIX_TRIM', [1, 1]],
  ['QUERY_ADD', [2, 2]],
  ['QUERY_RENAME', [2, 2]],
  ['QUERY_DEL', [1, 100]],
  ['QUERY_DEL_ALL_EXCEPT', [1, 100]],
]);

const UNTAKEN: ReadonlyMap<string, string> = new Map([
  [
    'HOST_SET_FROM_PATH_PREFIX',
    'clients would choose the host of the backend; write a rule with a condition on the path for each host, with rewrite: { host, trimPrefix }',
  ],
  [
    'HOST_SUFFIX_REPLACE',
    'write a rule with a condition for each host, with rewrite: { host }; BFE itself replaces nothing unless the request names the host in its target',
  ],
]);
