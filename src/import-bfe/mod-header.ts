import { headerNameFault } from '../config/response-forms.ts';
import { KNOWN_TO_MODULES, KNOWN_WITH_RESPONSE } from '../route/condition/known-facts.ts';
import { looksAtResponse, whenOf } from './conditions.ts';
import type { Draft } from './draft.ts';
import type { Field } from './fields.ts';
import { readHeaderValue } from './header-values.ts';
import { shown } from './located.ts';
import { dataFileOf, readModuleConf, readModuleRules } from './module-files.ts';
import {
  actionsOf,
  type ConditionedRule,
  type ModuleImport,
  passNotes,
  readConditioned,
} from './module-import.ts';
import type { Place, Report } from './report.ts';
import { RuleChain } from './rule-chain.ts';

type Side = 'request' | 'response';

/** `mod_header`: header fields that are set, added, renamed and taken away. */
export function importHeader(context: ModuleImport, place: Place): void {
  const { tree, report, products, lists } = context;
  const conf = readModuleConf(tree, 'mod_header', report);
  const file = dataFileOf(conf?.basic, 'DataPath', 'mod_header/mod_header.data', report);
  const isBare = conf?.basic?.flag('DisableDefaultHeader');
  conf?.basic?.end();
  conf?.file.end();
  if (isBare?.value === true) report.kept(isBare.place, 'DisableDefaultHeader true');
  else addDefaults(isBare?.place ?? place, context);
  for (const { product, name, rules } of readModuleRules(tree, file, products, report, true)) {
    const chains = { request: new RuleChain(), response: new RuleChain() };
    rules.forEach((node, i) => {
      const rule = readConditioned(node, i, name, context, [KNOWN_TO_MODULES, KNOWN_WITH_RESPONSE]);
      if (rule === undefined) return;
      const last = rule.fields.flag('Last');
      const changes = readActions(rule, report);
      rule.fields.end();
      const entries: Draft[] = [];
      for (const side of ['request', 'response'] as const) {
        const { list, isMeant } = changes[side];
        if (!isMeant) continue;
        if (side === 'request' && looksAtResponse(rule.condition)) {
          report.dropped(
            node.place,
            `${rule.what}: its condition looks at the response, so what it does to requests comes too late`,
          );
          continue;
        }
        const effective = chains[side].effective(rule.condition);
        if (last?.value === true) chains[side].endAt(rule.condition);
        if (effective === undefined)
          report.kept(node.place, `${rule.what} is left out: a rule with Last before it always holds`);
        else entries.push(...list.map((change) => ({ ...whenOf(effective), headers: { [side]: change } })));
      }
      const joined = joinSides(entries);
      passNotes(rule.notes, joined[0], report);
      if (joined.length > 0 && lists.add(product, joined, node.place, rule.what))
        report.kept(node.place, `${rule.what}, as headers`);
    });
  }
}

/** What backends of BFE are told and those of Portico are not unless somebody says so. */
function addDefaults(place: Place, { lists, report }: ModuleImport): void {
  const entry: Draft = {
    headers: {
      request: {
        set: {
          'X-Real-Ip': '%{client_ip}',
          'X-Real-Port': '%{client_port}',
          'X-Forwarded-Port': '%{client_port}',
          'X-Bfe-Ip': '%{server_ip}',
        },
      },
    },
  };
  lists.add(undefined, [entry], place, 'the default headers of mod_header');
  report.changed(
    place,
    'the default headers of mod_header: X-Forwarded-For and -Host are appended only to what trustedProxies have sent, and X-Forwarded-Proto, Via and X-Request-Id come with them',
    entry,
  );
}

/** A change of the request and one of the response under one condition make one entry. */
function joinSides(entries: readonly Draft[]): Draft[] {
  const [first, second, ...others] = entries;
  if (first === undefined || second === undefined || others.length > 0 || first['when'] !== second['when'])
    return [...entries];
  const sides = { ...(first['headers'] as Draft), ...(second['headers'] as Draft) };
  return Object.keys(sides).length === 2 ? [{ ...first, headers: sides }] : [...entries];
}

/** The changes of each side: several where one would make them in another order than BFE does. */
function readActions(rule: ConditionedRule, report: Report): Readonly<Record<Side, Changes>> {
  const sides = { request: new Changes(), response: new Changes() };
  for (const { command, params } of actionsOf(rule, report)) {
    const fault = readAction(command.value, params, sides, report);
    if (fault !== undefined) report.dropped(command.place, `${rule.what}: ${fault}`);
  }
  return sides;
}

/** A sentence when the action is not taken. */
function readAction(
  command: string,
  params: readonly Field<string>[],
  sides: Readonly<Record<Side, Changes>>,
  report: Report,
): string | undefined {
  const of = command.startsWith('REQ_') ? sides.request : sides.response;
  of.isMeant = true;
  const known = /^(REQ|RSP)_HEADER_(SET|ADD|DEL|RENAME)$/.exec(command);
  if (known === null) return UNTAKEN.get(command) ?? `BFE knows no action ${shown(command)}`;
  const side = known[1] === 'REQ' ? 'request' : 'response';
  const kind = known[2] as 'SET' | 'ADD' | 'DEL' | 'RENAME';
  const [name, value] = params;
  if (name === undefined || params.length !== (kind === 'DEL' ? 1 : 2))
    return `${command} with ${params.length} Params`;
  for (const changed of kind === 'RENAME' ? [name.value, value!.value] : [name.value]) {
    const fault = nameFault(changed, side);
    if (fault !== undefined) return `${command}: ${fault}`;
  }
  if (kind === 'DEL') sides[side].delete(name.value);
  else if (kind === 'RENAME') sides[side].rename(name.value, value!.value);
  else {
    const read = readHeaderValue(value!.value, side);
    if (typeof read === 'string') return `${command} ${shown(name.value)}: ${read}`;
    for (const note of read.different)
      report.changed(value!.place, `${command} ${shown(name.value)}: ${note}, which is written otherwise`);
    sides[side].put(kind === 'SET' ? 'set' : 'add', name.value, read.text);
  }
  return undefined;
}

/** Why a field is not changed; undefined when it is. */
function nameFault(name: string, side: Side): string | undefined {
  if (side === 'request' && name.toLowerCase() === 'host')
    return 'the host is set by HOST_SET of mod_rewrite, or by rewrite: { host }';
  return headerNameFault(name);
}

/** Changes in their order. A field that was touched before begins a new entry, so that the order stays. */
class Changes {
  readonly list: Draft[] = [];
  /** Whether BFE has anything to do on this side, taken over or not: only then does `Last` end its rules. */
  isMeant = false;
  #touched = new Set<string>();

  delete(name: string): void {
    const change = this.#current(name);
    change['delete'] = [...((change['delete'] as string[] | undefined) ?? []), name];
  }

  rename(from: string, to: string): void {
    const change = this.#current(from, to);
    change['rename'] = { ...(change['rename'] as Draft | undefined), [from]: to };
  }

  put(kind: 'set' | 'add', name: string, value: string): void {
    const change = this.#current(name);
    change[kind] = { ...(change[kind] as Draft | undefined), [name]: value };
  }

  #current(...names: readonly string[]): Draft {
    const keys = names.map((name) => name.toLowerCase());
    if (this.list.length === 0 || keys.some((key) => this.#touched.has(key))) {
      this.list.push({});
      this.#touched = new Set();
    }
    for (const key of keys) this.#touched.add(key);
    return this.list.at(-1)!;
  }
}

const COOKIES = 'cookies are not changed one by one; the backend can';
const UNTAKEN: ReadonlyMap<string, string> = new Map([
  ['REQ_HEADER_MOD', 'parts of a value are not changed; REQ_HEADER_SET with a whole one is carried over'],
  ['RSP_HEADER_MOD', 'parts of a value are not changed; RSP_HEADER_SET with a whole one is carried over'],
  ['REQ_COOKIE_SET', COOKIES],
  ['REQ_COOKIE_DEL', COOKIES],
  ['RSP_COOKIE_SET', `${COOKIES}; RSP_HEADER_ADD of Set-Cookie is carried over`],
  ['RSP_COOKIE_DEL', COOKIES],
]);
