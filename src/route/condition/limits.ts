/** Bounds on what a condition may ask of the loader and of every request. Beyond them: refused when it is loaded. */

/** UTF-16 units of a condition. A list of a thousand hosts fits; what is longer belongs into several routes. */
export const MAX_CONDITION_LENGTH = 65_536;

/** `(` and `!` inside each other: the parser and the compiler call themselves once for each. */
export const MAX_CONDITION_DEPTH = 100;

/**
 * Instructions of a regular expression. Matching is linear in the text, but each octet may cost as much as the program is
 * long: with the longest line of a head (16 KiB by default) this keeps the worst that a client can do to some tenths of a second.
 */
export const MAX_PATTERN_PROGRAM = 500;
