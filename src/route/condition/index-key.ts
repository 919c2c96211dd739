import type { ConditionSubject } from './condition-subject.ts';

/**
 * What must hold of a subject for a condition to be true, so that many conditions are narrowed down by one lookup. Several keys of
 * a condition are alternatives.
 */
export interface IndexKey {
  /** Which text is looked at; keys of the same source have the same `read`. */
  readonly source: string;
  /** Undefined: there is none, and the condition is false. */
  readonly read: (subject: ConditionSubject) => string | undefined;
  readonly match: 'equal' | 'prefix';
  /** With ASCII letters in lower case, as the text is brought into before it is compared. */
  readonly value: string;
}
