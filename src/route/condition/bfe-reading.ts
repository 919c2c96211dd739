import { ConditionFault } from './condition-fault.ts';
import { formatCondition } from './format-condition.ts';
import { parseCondition } from './parser.ts';

/**
 * What BFE would make of a condition, fully in parentheses, when that is another thing than what its documentation, and
 * Portico, make of it; undefined when there is no difference, or nothing to read. BFE's parser binds `||` tighter than `&&`, and
 * leaves escapes in double quotes as they stand.
 */
export function bfeReading(text: string): string | undefined {
  const ours = parseCondition(text);
  const theirs = parseCondition(text, 'bfe');
  if (ours instanceof ConditionFault || theirs instanceof ConditionFault) return undefined;
  const read = formatCondition(theirs);
  return read === formatCondition(ours) ? undefined : read;
}
