import { ConditionFault } from './condition-fault.ts';
import { formatCondition } from './format-condition.ts';
import { parseCondition } from './parser.ts';

/** A condition as text in which parentheses leave nothing open. */
export interface TwoReadings {
  readonly ours: string;
  readonly theirs: string;
}

/**
 * What BFE would make of a condition, when that is another thing than what its documentation, and Portico, make of it;
 * undefined when there is no difference, or nothing to read. BFE's parser binds `||` tighter than `&&`, and leaves escapes in
 * double quotes as they stand.
 */
export function bfeReading(text: string): TwoReadings | undefined {
  const here = parseCondition(text);
  const there = parseCondition(text, 'bfe');
  if (here instanceof ConditionFault || there instanceof ConditionFault) return undefined;
  const ours = formatCondition(here);
  const theirs = formatCondition(there);
  return ours === theirs ? undefined : { ours, theirs };
}
