/** What is wrong with a template, and where. Not thrown, unless a checked template is wrong all the same. */
export class TemplateFault extends Error {
  /** Of the variable that is meant, in UTF-16 units. */
  readonly offset: number;
  /** What to write instead. */
  readonly hint: string | undefined;
  /** A name that nobody knows, and the names that may have been meant. */
  readonly mistaken: { readonly name: string; readonly known: readonly string[] } | undefined;

  constructor(message: string, offset: number, hint?: string, mistaken?: TemplateFault['mistaken']) {
    super(message);
    this.offset = offset;
    this.hint = hint;
    this.mistaken = mistaken;
  }
}
