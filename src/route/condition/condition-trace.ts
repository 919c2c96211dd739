import type { ConditionSubject } from './condition-subject.ts';
import { formatCondition } from './format-condition.ts';
import type { BuiltPrimitive } from './primitive.ts';
import type { CallNode } from './syntax-tree.ts';

/** A part of a compiled condition. Traffic asks `test` of the outermost; who wants to know why walks down to the primitives. */
export type CompiledNode = CompiledCall | CompiledNot | CompiledGroup;

interface CompiledCall extends BuiltPrimitive {
  readonly kind: 'call';
  readonly call: CallNode;
}

interface CompiledNot extends BuiltPrimitive {
  readonly kind: 'not';
  readonly operand: CompiledNode;
}

interface CompiledGroup extends BuiltPrimitive {
  readonly kind: 'and' | 'or';
  readonly operands: readonly CompiledNode[];
}

/** What a condition said of one subject, and why. `said` is null where nobody asked, because what stands before had decided. */
export type ConditionTrace = PrimitiveTrace | NotTrace | GroupTrace;

export interface PrimitiveTrace {
  readonly kind: 'primitive';
  readonly condition: string;
  /** What it looked at, in octets; empty where nothing was there. Null: it was not asked, or looks at nothing. */
  readonly saw: readonly string[] | null;
  /** Of a hash: the bucket that the text is in. */
  readonly bucket?: number;
  readonly said: boolean | null;
}

interface NotTrace {
  readonly kind: 'not';
  readonly operand: ConditionTrace;
  readonly said: boolean | null;
}

interface GroupTrace {
  readonly kind: 'and' | 'or';
  readonly operands: readonly ConditionTrace[];
  readonly said: boolean | null;
}

/** Asks the tests of the primitives one by one, in the order and as far as the whole would. */
export function traceCondition(node: CompiledNode, subject: ConditionSubject): ConditionTrace {
  return trace(node, subject, true);
}

function trace(node: CompiledNode, subject: ConditionSubject, isAsked: boolean): ConditionTrace {
  switch (node.kind) {
    case 'call':
      return tracePrimitive(node, isAsked ? subject : undefined);
    case 'not': {
      const operand = trace(node.operand, subject, isAsked);
      return { kind: 'not', operand, said: operand.said === null ? null : !operand.said };
    }
    case 'and':
    case 'or':
      return traceGroup(node, subject, isAsked);
  }
}

function traceGroup(
  { kind, operands }: CompiledGroup,
  subject: ConditionSubject,
  isAsked: boolean,
): GroupTrace {
  const decisive = kind === 'or';
  let isDecided = false;
  const traces = operands.map((operand) => {
    const step = trace(operand, subject, isAsked && !isDecided);
    isDecided ||= step.said === decisive;
    return step;
  });
  return { kind, operands: traces, said: isAsked ? isDecided === decisive : null };
}

function tracePrimitive(
  { call, test, sees, bucketOf }: CompiledCall,
  subject?: ConditionSubject,
): PrimitiveTrace {
  const condition = formatCondition(call);
  if (subject === undefined) return { kind: 'primitive', condition, saw: null, said: null };
  const saw = sees?.(subject) ?? null;
  const [text] = saw ?? [];
  const bucket = text === undefined ? undefined : bucketOf?.(text);
  return {
    kind: 'primitive',
    condition,
    saw,
    ...(bucket === undefined ? {} : { bucket }),
    said: test(subject),
  };
}
