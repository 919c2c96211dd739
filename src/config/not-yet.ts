/**
 * Keys of the design that a later version brings. They are refused by name wherever they stand: ignoring them would run
 * another configuration than the one that was written, and calling them unknown would be untrue.
 */
export const KEYS_NOT_YET: ReadonlySet<string> = new Set(['expect']);
