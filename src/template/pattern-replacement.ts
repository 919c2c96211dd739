import { RE2JS } from 're2js';

/**
 * A regular expression of RE2's syntax, and a text in which `$1` … `$9` stand for its groups, `$0` for all it has matched and `$$` for a
 * dollar sign. Matching is linear in the text whatever the pattern, so no client can make it take long.
 */
export class PatternReplacement {
  readonly #pattern: RE2JS;
  /** Text, number of a group, text, number … */
  readonly #parts: readonly (string | number)[];

  /** Use `readReplacement`. */
  constructor(pattern: RE2JS, parts: readonly (string | number)[]) {
    this.#pattern = pattern;
    this.#parts = parts;
  }

  /** With the first match replaced; the text itself when there is none. */
  replace(text: string): string {
    const matcher = this.#pattern.matcher(text);
    if (!matcher.find()) return text;
    let made = text.slice(0, matcher.start());
    for (const part of this.#parts) made += typeof part === 'string' ? part : (matcher.group(part) ?? '');
    return made + text.slice(matcher.end());
  }
}

/** Instructions of a pattern: each octet of a path may cost as much as the program is long. */
const MAX_PROGRAM = 500;

/** A text instead: why it is refused. */
export function readReplacement(pattern: string, replacement: string): PatternReplacement | string {
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const size = compiled.programSize();
  if (size > MAX_PROGRAM)
    return `the pattern makes a program of ${size} instructions, and ${MAX_PROGRAM} are allowed`;
  const parts: (string | number)[] = [];
  for (const piece of replacement.split(/(\$[0-9$])/)) {
    if (piece === '$$') parts.push('$');
    else if (piece.length === 2 && piece.startsWith('$')) parts.push(Number(piece[1]));
    else parts.push(piece);
  }
  const missing = parts.find((part) => typeof part === 'number' && part > compiled.groupCount());
  if (missing !== undefined) return `$${missing} stands for a group that the pattern does not have`;
  return new PatternReplacement(compiled, parts);
}

/** As `readReplacement`, for what was checked when it was loaded. */
export function compileReplacement(pattern: string, replacement: string): PatternReplacement {
  const read = readReplacement(pattern, replacement);
  if (typeof read === 'string') throw new Error(read);
  return read;
}
