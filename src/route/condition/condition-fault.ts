/** What is wrong with the text of a condition, and where. Thrown within this room only; its entry points return it. */
export class ConditionFault extends Error {
  /** Of the text that is meant, in UTF-16 units. */
  readonly offset: number;
  readonly length: number;
  /** What to write instead. */
  readonly hint: string | undefined;
  /** A name that nobody knows, and the names that may have been meant. */
  readonly mistaken: { readonly name: string; readonly known: readonly string[] } | undefined;

  constructor(message: string, place: TextPlace, hint?: string, mistaken?: ConditionFault['mistaken']) {
    super(message);
    this.offset = place.offset;
    this.length = place.length;
    this.hint = hint;
    this.mistaken = mistaken;
  }
}

/** A part of a condition's text, in UTF-16 units. */
export interface TextPlace {
  readonly offset: number;
  readonly length: number;
}
