import { RE2JS } from 're2js';
import { MAX_PATTERN_PROGRAM } from './limits.ts';
import { murmur3Bucket } from './murmur3.ts';
import { foldCase, fromOctets } from './octet-text.ts';

/** The ways in which conditions look at a text. Made once when a condition is compiled; what they are given has octets for characters. */
export type TextMatch = (octets: string) => boolean;

/** Items are in octets. `fold`: without regard to the case of ASCII letters. */
export function matchIn(items: readonly string[], fold: boolean): TextMatch {
  const known = fold ? items.map(foldCase) : items;
  const [only] = known;
  if (known.length === 1) return fold ? (text) => foldCase(text) === only : (text) => text === only;
  const set = new Set(known);
  return fold ? (text) => set.has(foldCase(text)) : (text) => set.has(text);
}

export function matchPrefix(items: readonly string[], fold: boolean): TextMatch {
  return matchSome(items, fold, (text, item) => text.startsWith(item));
}

export function matchSuffix(items: readonly string[], fold: boolean): TextMatch {
  return matchSome(items, fold, (text, item) => text.endsWith(item));
}

export function matchContain(items: readonly string[], fold: boolean): TextMatch {
  return matchSome(items, fold, (text, item) => text.includes(item));
}

function matchSome(
  items: readonly string[],
  fold: boolean,
  matches: (text: string, item: string) => boolean,
): TextMatch {
  const known = fold ? items.map(foldCase) : items;
  return (sent) => {
    const text = fold ? foldCase(sent) : sent;
    for (const item of known) {
      if (matches(text, item)) return true;
    }
    return false;
  };
}

/** Shares of BFE's 10,000 buckets. */
export const HASH_BUCKETS = 10_000;

/** `buckets`: one entry for each, 1 for those that are meant. */
export function matchHash(buckets: Uint8Array, fold: boolean): TextMatch {
  return (text) => buckets[bucketOf(text, fold)] === 1;
}

export function bucketOf(text: string, fold: boolean): number {
  return murmur3Bucket(fold ? foldCase(text) : text, HASH_BUCKETS);
}

/**
 * A regular expression of RE2's syntax, found anywhere in the text. RE2's way of matching is linear in the text whatever the
 * pattern: `(a+)+$` on 16,000 characters takes 0.08 ms, and V8's own engine longer than anybody waits. On the short texts of heads
 * it takes 0.1 to 2 µs. A text instead of a match: why the pattern is refused.
 */
export function matchPattern(pattern: string): TextMatch | string {
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const size = compiled.programSize();
  if (size > MAX_PATTERN_PROGRAM) {
    return `the pattern makes a program of ${size} instructions, and ${MAX_PATTERN_PROGRAM} are allowed`;
  }
  return (octets) => compiled.test(fromOctets(octets));
}
