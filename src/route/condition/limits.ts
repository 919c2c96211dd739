/** Bounds on what a condition may ask of the loader and of every request. Beyond them: refused when it is loaded. */

/** UTF-16 units of a condition. A list of a thousand hosts fits; what is longer belongs into several routes. */
export const MAX_CONDITION_LENGTH = 65_536;

/** `(` and `!` inside each other: the parser and the compiler call themselves once for each. */
export const MAX_CONDITION_DEPTH = 100;

/** Of a path into a JSON body. */
export const MAX_BODY_PATH_NAMES = 32;

/**
 * Instructions of a regular expression. Matching is linear in the text, but each octet may cost as much as the program is long, where
 * the automaton that re2js makes of it outgrows its 8 MiB: counted repetitions of wide classes, such as `(.{0,40}a.{0,40}b)+`. With 250
 * instructions of that kind the longest line of a head (16 KiB by default) has taken 0.6 s; common patterns take 0.1 ms for it.
 */
export const MAX_PATTERN_PROGRAM = 500;
