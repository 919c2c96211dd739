import type { ConditionNode } from '../route/condition/syntax-tree.ts';
import { ALWAYS, both, call, opposite } from './condition-tree.ts';
import { whenOf } from './conditions.ts';
import { type Draft, plainTemplate } from './draft.ts';
import { readDataFile, readModuleRules } from './module-files.ts';
import { type ConditionedRule, type ModuleImport, passNotes, readConditioned } from './module-import.ts';
import type { Report } from './report.ts';
import { RuleChain } from './rule-chain.ts';

/** `mod_cors`: preflights are answered, and other responses say who may read them. */
export function importCors(context: ModuleImport): void {
  const { tree, report, products, lists } = context;
  const file = readDataFile(tree, 'mod_cors', 'mod_cors/cors_rule.data', report);
  for (const { product, name, rules } of readModuleRules(tree, file, products, report, false)) {
    const chain = new RuleChain();
    rules.forEach((node, i) => {
      const rule = readConditioned(node, i, name, context);
      if (rule === undefined) return;
      const effective = chain.effective(rule.condition);
      chain.endAt(rule.condition);
      const entries = readRule(rule, effective, report);
      rule.fields.end();
      if (entries.length === 0) return;
      passNotes(rule.notes, entries[0], report);
      report.comment(entries[0]!, 'CORS: preflights');
      if (lists.add(product, entries, node.place, rule.what))
        report.changed(
          node.place,
          `${rule.what}, as respond for preflights and headers for the rest; Vary: Origin is added to what the backend says`,
        );
    });
  }
}

/** The methods that a preflight may ask for. */
const METHODS = 'GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH';

function readRule(
  { fields, what }: ConditionedRule,
  condition: ConditionNode | undefined,
  report: Report,
): Draft[] {
  const origins = fields.texts('AccessControlAllowOrigins').map(({ value }) => value);
  const credentials = fields.flag('AccessControlAllowCredentials')?.value === true;
  const list = (name: string) =>
    fields
      .texts(name)
      .map(({ value }) => value)
      .join(',');
  const [exposed, methods, headers] = [
    list('AccessControlExposeHeaders'),
    list('AccessControlAllowMethods'),
    list('AccessControlAllowHeaders'),
  ];
  const age = fields.number('AccessControlMaxAge');
  if (condition === undefined) {
    report.kept(fields.place, `${what} is left out: a rule before it always holds`);
    return [];
  }
  if (origins.length === 0) {
    report.dropped(fields.place, `${what} has no AccessControlAllowOrigins`);
    return [];
  }
  const isAny = origins.includes('*');
  const isEcho = origins.includes('%origin');
  const common: Draft = {
    'Access-Control-Allow-Origin': isAny && !isEcho ? '*' : '%{header:origin}',
    ...(credentials ? { 'Access-Control-Allow-Credentials': 'true' } : {}),
  };
  const ofPreflight: Draft = {
    ...common,
    ...(methods === '' ? {} : { 'Access-Control-Allow-Methods': plainTemplate(methods) }),
    ...(headers === '' ? {} : { 'Access-Control-Allow-Headers': plainTemplate(headers) }),
    ...(age === undefined ? {} : { 'Access-Control-Max-Age': String(age.value) }),
  };
  const ofRest: Draft = {
    ...common,
    ...(exposed === '' ? {} : { 'Access-Control-Expose-Headers': plainTemplate(exposed) }),
  };
  const hasOrigin = call('req_header_key_in', 'Origin');
  const isPreflight = both(
    call('req_method_in', 'OPTIONS'),
    both(hasOrigin, call('req_header_value_in', 'Access-Control-Request-Method', METHODS, false)),
  );
  // Who comes from anywhere else may ask, and is told nothing.
  const isListed =
    isAny || isEcho ? undefined : call('req_header_value_in', 'Origin', origins.join('|'), false);
  const vary = { add: { Vary: 'Origin' } };
  const preflight = both(condition, isPreflight);
  return [
    { ...whenOf(preflight), respond: { status: 204 } },
    { ...whenOf(both(preflight, isListed ?? ALWAYS)), headers: { response: { set: ofPreflight, ...vary } } },
    {
      ...whenOf(both(condition, both(opposite(isPreflight), isListed ?? hasOrigin))),
      headers: { response: { set: ofRest, ...vary } },
    },
  ];
}
