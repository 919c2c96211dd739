import { didYouMean } from '../config/nearest-name.ts';
import { bfeReading } from '../route/condition/bfe-reading.ts';
import { Condition, compileCondition } from '../route/condition/compile-condition.ts';
import { ConditionFault } from '../route/condition/condition-fault.ts';
import type { LateFact } from '../route/condition/condition-subject.ts';
import { formatCondition } from '../route/condition/format-condition.ts';
import { parseCondition } from '../route/condition/parser.ts';
import type { CallNode, ConditionNode } from '../route/condition/syntax-tree.ts';
import { isAlways } from './condition-tree.ts';
import type { Field } from './fields.ts';
import type { Part, Report } from './report.ts';

/** Stands in for a primitive that cannot be asked there; undefined for the others, a sentence when nothing can. */
export type Substitute = (call: CallNode) => ConditionNode | string | undefined;

const NONE: Substitute = () => undefined;

/**
 * Conditions of BFE. They are taken as BFE's parser reads them, which is not always as they look; what differs, or had to be
 * replaced, is reported as changed.
 */
export class Conditions {
  readonly #report: Report;
  readonly #substitute: Substitute;

  constructor(report: Report, substitute: Substitute) {
    this.#report = report;
    this.#substitute = substitute;
  }

  /** Whether any that was read looks at bodies. */
  looksAtBodies = false;

  /**
   * `part`: what the condition is for; `facts`: what there is besides head, connection and time, one set or another; `substitute`: for
   * what is not there. Undefined after it was reported as dropped.
   */
  read(
    { value: text, place }: Field<string>,
    what: string,
    part: Part,
    facts: readonly ReadonlySet<LateFact>[],
    substitute: Substitute = NONE,
  ): ConditionNode | undefined {
    const theirs = parseCondition(text, 'bfe');
    if (theirs instanceof ConditionFault) return this.#refuse(place, what, theirs);
    const replaced = replaceCalls(theirs, (call) => substitute(call) ?? this.#substitute(call));
    if (typeof replaced === 'string') {
      this.#report.dropped(place, `${what}: ${replaced}`);
      return undefined;
    }
    const written = formatCondition(replaced);
    const compiled = facts.map((known) => compileCondition(written, { known }));
    const good = compiled.find((one) => one instanceof Condition);
    if (good === undefined) return this.#refuse(place, what, compiled.at(-1) as ConditionFault);
    if (good.facts.has('body')) this.looksAtBodies = true;
    const readings = bfeReading(text);
    if (readings !== undefined)
      this.#report.changed(
        place,
        `${what}: the condition is written as BFE reads it: ${brief(readings.theirs)} — and not as it looks, and Portico would read it: ${brief(readings.ours)}`,
        part,
      );
    if (replaced !== theirs)
      this.#report.changed(
        place,
        `${what}: there are no tags here: ${brief(formatCondition(theirs))} is written with what they stand for`,
        part,
      );
    for (const note of notesOn(replaced)) this.#report.changed(place, `${what}: ${note}`, part);
    return replaced;
  }

  #refuse(
    place: Field<string>['place'],
    what: string,
    { message, hint, mistaken }: ConditionFault,
  ): undefined {
    const advice = hint ?? (mistaken && didYouMean(mistaken.name, mistaken.known));
    this.#report.dropped(place, `${what}: ${message}${advice === undefined ? '' : `; ${advice}`}`);
    return undefined;
  }
}

/** The `when` of a route or module: none for what always holds. */
export function whenOf(condition: ConditionNode): { when?: string } {
  return isAlways(condition) ? {} : { when: formatCondition(condition) };
}

/** Whether it can be asked of a response only. */
export function looksAtResponse(node: ConditionNode): boolean {
  switch (node.kind) {
    case 'call':
      return node.name.startsWith('res_');
    case 'not':
      return looksAtResponse(node.operand);
    default:
      return node.operands.some(looksAtResponse);
  }
}

/** The same node when nothing is replaced. */
function replaceCalls(node: ConditionNode, substitute: Substitute): ConditionNode | string {
  switch (node.kind) {
    case 'call':
      return substitute(node) ?? node;
    case 'not': {
      const operand = replaceCalls(node.operand, substitute);
      if (typeof operand === 'string') return operand;
      return operand === node.operand ? node : { ...node, operand };
    }
    default: {
      const operands: ConditionNode[] = [];
      for (const operand of node.operands) {
        const replaced = replaceCalls(operand, substitute);
        if (typeof replaced === 'string') return replaced;
        operands.push(replaced);
      }
      return operands.every((operand, i) => operand === node.operands[i]) ? node : { ...node, operands };
    }
  }
}

/** What is carried over and means something else. */
function notesOn(node: ConditionNode): string[] {
  switch (node.kind) {
    case 'call': {
      const note = NOTES.get(node.name);
      return note === undefined ? [] : [note];
    }
    case 'not':
      return notesOn(node.operand);
    default:
      return [...new Set(node.operands.flatMap(notesOn))];
  }
}

const OF_BODIES =
  'it looks into bodies that say that they are JSON, up to limits.conditionBody; in others it finds nothing, so name what may pass, not what may not';

const NOTES: ReadonlyMap<string, string> = new Map([
  ['req_body_json_in', OF_BODIES],
  ['req_body_json_prefix_in', OF_BODIES],
  [
    'ses_tls_client_ca_in',
    'ses_tls_client_ca_in looks at the common name in the certificate of the authority, not at the name of its file: see that they are equal',
  ],
  ['req_port_in', 'req_port_in takes 443, not 80, for a request over TLS that names no port'],
]);

function brief(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)} …` : text;
}

const MAX_SHOWN = 400;
