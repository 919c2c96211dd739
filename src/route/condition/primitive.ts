import type { CallArguments, Parameter } from './call-arguments.ts';
import type { ConditionSubject, LateFact } from './condition-subject.ts';
import type { IndexKey } from './index-key.ts';

export type ConditionTest = (subject: ConditionSubject) => boolean;

/** One of the questions that conditions are made of. */
export interface Primitive {
  readonly parameters: readonly Parameter[];
  /** What it looks at, when that is not there everywhere. */
  readonly fact?: LateFact;
  /** Throws a ConditionFault for values that could not be meant. */
  readonly build: (args: CallArguments) => BuiltPrimitive;
}

export interface BuiltPrimitive {
  readonly test: ConditionTest;
  /** What the test looks at, for people: texts in octets, none where nothing is there. Absent: it looks at nothing. */
  readonly sees?: (subject: ConditionSubject) => readonly string[];
  /** Of a hash: the bucket of a text. */
  readonly bucketOf?: (octets: string) => number;
  /** Alternatives, one of which holds whenever the test does. Absent: unknown. */
  readonly keys?: readonly IndexKey[];
}

export function textParameter(name: string): Parameter {
  return { name, kind: 'text' };
}

/** True: without regard to case. */
export const FOLD_CASE: Parameter = { name: 'fold_case', kind: 'flag' };
