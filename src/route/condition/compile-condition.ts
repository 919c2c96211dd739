import { CallArguments } from './call-arguments.ts';
import { ConditionFault } from './condition-fault.ts';
import type { ConditionSubject, LateFact } from './condition-subject.ts';
import { type CompiledNode, type ConditionTrace, traceCondition } from './condition-trace.ts';
import { CONTEXT_PRIMITIVES } from './context-primitives.ts';
import type { IndexKey } from './index-key.ts';
import { parseCondition, type Reading } from './parser.ts';
import type { ConditionTest, Primitive } from './primitive.ts';
import { REQUEST_PRIMITIVES } from './request-primitives.ts';
import type { CallNode, ConditionNode } from './syntax-tree.ts';

export const PRIMITIVES: ReadonlyMap<string, Primitive> = new Map([
  ...REQUEST_PRIMITIVES,
  ...CONTEXT_PRIMITIVES,
]);

/** A condition, ready to be asked of any number of subjects. */
export class Condition {
  readonly text: string;
  /** What it looks at besides head, connection and time. */
  readonly facts: ReadonlySet<LateFact>;
  /** Alternatives, one of which holds whenever the condition does; undefined: it may hold for any subject. */
  readonly keys: readonly IndexKey[] | undefined;
  readonly #test: ConditionTest;
  readonly #root: CompiledNode;

  constructor(text: string, facts: ReadonlySet<LateFact>, root: CompiledNode) {
    this.text = text;
    this.facts = facts;
    this.keys = root.keys;
    this.#test = root.test;
    this.#root = root;
  }

  holds(subject: ConditionSubject): boolean {
    return this.#test(subject);
  }

  /** As `holds`, with what each primitive saw and said. */
  trace(subject: ConditionSubject): ConditionTrace {
    return traceCondition(this.#root, subject);
  }
}

export interface CompileOptions {
  /** Late facts that are there where the condition stands; one that looks at another is refused. None when left out. */
  readonly known?: ReadonlySet<LateFact>;
  readonly reading?: Reading;
}

/** Parses a condition, checks names, arguments and values, and makes what is asked for every request. Never throws. */
export function compileCondition(text: string, options: CompileOptions = {}): Condition | ConditionFault {
  const node = parseCondition(text, options.reading);
  if (node instanceof ConditionFault) return node;
  const compiler = new Compiler(options.known ?? new Set());
  try {
    return new Condition(text, compiler.facts, compiler.build(node));
  } catch (error) {
    if (error instanceof ConditionFault) return error;
    throw error;
  }
}

class Compiler {
  readonly facts = new Set<LateFact>();
  readonly #known: ReadonlySet<LateFact>;

  constructor(known: ReadonlySet<LateFact>) {
    this.#known = known;
  }

  build(node: ConditionNode): CompiledNode {
    switch (node.kind) {
      case 'call':
        return this.#call(node);
      case 'not': {
        const operand = this.build(node.operand);
        const { test } = operand;
        return { kind: 'not', operand, test: (subject) => !test(subject) };
      }
      case 'and':
        return all(node.operands.map((operand) => this.build(operand)));
      case 'or':
        return some(node.operands.map((operand) => this.build(operand)));
    }
  }

  #call(call: CallNode): CompiledNode {
    const place = { offset: call.offset, length: call.name.length };
    const primitive = PRIMITIVES.get(call.name);
    if (primitive === undefined) {
      const mistaken = { name: call.name, known: [...PRIMITIVES.keys()] };
      throw new ConditionFault(
        `there is no condition ${JSON.stringify(call.name)}`,
        place,
        undefined,
        mistaken,
      );
    }
    const { fact } = primitive;
    if (fact !== undefined) {
      if (!this.#known.has(fact)) {
        throw new ConditionFault(`${call.name} ${FACTS[fact]}`, place, HINTS[fact]);
      }
      this.facts.add(fact);
    }
    return { kind: 'call', call, ...primitive.build(new CallArguments(call, primitive.parameters)) };
  }
}

/** Behind a primitive's name: why it cannot stand here. */
const FACTS: Readonly<Record<LateFact, string>> = {
  'host-tag': 'looks at tags of hosts, which Portico does not have: make a tenant of each group of hosts',
  tag: 'looks at tags, and no module has set any yet',
  context: 'looks at what modules have noted, and no module has run yet',
  body: 'looks at the body, which is gone when the response comes',
  response: 'looks at the response, which is not there yet',
};

const HINTS: Readonly<Partial<Record<LateFact, string>>> = {
  response: 'it may stand at a module that changes headers of responses',
};

/** The operands of a group in order; what decides it is the last that is asked. */
function all(operands: readonly CompiledNode[]): CompiledNode {
  const tests = operands.map(({ test }) => test);
  const [first, second] = tests as [ConditionTest, ConditionTest];
  const test: ConditionTest =
    tests.length === 2
      ? (subject) => first(subject) && second(subject)
      : (subject) => {
          for (const test of tests) if (!test(subject)) return false;
          return true;
        };
  const keys = operands.map((operand) => operand.keys).reduce(moreSelective);
  return { kind: 'and', operands, test, ...(keys && { keys }) };
}

function some(operands: readonly CompiledNode[]): CompiledNode {
  const tests = operands.map(({ test }) => test);
  const [first, second] = tests as [ConditionTest, ConditionTest];
  const test: ConditionTest =
    tests.length === 2
      ? (subject) => first(subject) || second(subject)
      : (subject) => {
          for (const test of tests) if (test(subject)) return true;
          return false;
        };
  const keys: IndexKey[] = [];
  for (const operand of operands) {
    if (operand.keys === undefined) return { kind: 'or', operands, test };
    keys.push(...operand.keys);
  }
  return { kind: 'or', operands, test, keys };
}

type Keys = readonly IndexKey[] | undefined;

function moreSelective(a: Keys, b: Keys): Keys {
  if (a === undefined || b === undefined) return a ?? b;
  return rank(b) > rank(a) ? b : a;
}

/** Few requests share a whole text, more a prefix, and most a method or an empty text, which stands for what is not there. */
function rank(keys: readonly IndexKey[]): number {
  return Math.min(
    ...keys.map(({ source, match, value }) =>
      source === 'method' || value.length < 2 ? 0 : match === 'prefix' ? 1 : 2,
    ),
  );
}
