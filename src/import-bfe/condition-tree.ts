import type { CallNode, ConditionNode } from '../route/condition/syntax-tree.ts';

/** Conditions that are made of others, and stand in no text. */

const NOWHERE = { offset: 0, length: 0 };

export function both(first: ConditionNode, second: ConditionNode): ConditionNode {
  if (isAlways(first)) return second;
  if (isAlways(second)) return first;
  return group('and', [...operandsOf('and', first), ...operandsOf('and', second)]);
}

export function either(conditions: readonly [ConditionNode, ...ConditionNode[]]): ConditionNode {
  const always = conditions.find(isAlways);
  if (always !== undefined) return always;
  const operands = conditions.flatMap((condition) => operandsOf('or', condition));
  return operands.length === 1 ? operands[0]! : group('or', operands);
}

export function opposite(condition: ConditionNode): ConditionNode {
  return condition.kind === 'not' ? condition.operand : { kind: 'not', operand: condition, ...NOWHERE };
}

export function call(name: string, ...args: readonly (string | boolean)[]): CallNode {
  return {
    kind: 'call',
    name,
    args: args.map((value) =>
      typeof value === 'string' ? { kind: 'text', value, ...NOWHERE } : { kind: 'flag', value, ...NOWHERE },
    ),
    ...NOWHERE,
  };
}

export const ALWAYS: ConditionNode = call('default_t');

export function isAlways(condition: ConditionNode): boolean {
  return condition.kind === 'call' && condition.name === 'default_t';
}

/** Whether the two never hold together, as far as lists that have nothing in common tell. */
export function excludes(a: ConditionNode, b: ConditionNode): boolean {
  const calls = callsOf(b);
  return callsOf(a).some((one) => calls.some((other) => areDisjoint(one, other)));
}

/** What must hold in any case. */
function callsOf(condition: ConditionNode): CallNode[] {
  if (condition.kind === 'call') return [condition];
  return condition.kind === 'and' ? condition.operands.flatMap(callsOf) : [];
}

const EXACT = new Set(['req_host_in', 'req_path_in', 'req_method_in']);

function areDisjoint(a: CallNode, b: CallNode): boolean {
  if (a.name !== b.name) return false;
  const [ours, theirs] = [itemsOf(a), itemsOf(b)];
  if (EXACT.has(a.name)) return !ours.some((item) => theirs.includes(item));
  if (a.name !== 'req_path_prefix_in') return false;
  return !ours.some((item) => theirs.some((other) => item.startsWith(other) || other.startsWith(item)));
}

/** In one case, so that what might be equal is taken for equal. */
function itemsOf({ args: [first] }: CallNode): string[] {
  return String(first?.value ?? '')
    .toLowerCase()
    .split('|');
}

function operandsOf(kind: 'and' | 'or', node: ConditionNode): readonly ConditionNode[] {
  return node.kind === kind ? node.operands : [node];
}

function group(kind: 'and' | 'or', operands: readonly ConditionNode[]): ConditionNode {
  return { kind, operands, ...NOWHERE };
}
