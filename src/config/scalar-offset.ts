import type { Scalar } from 'yaml';

/**
 * Where character `at` of a scalar's value stands in the text, as an offset from the start of the text. A value that the text
 * writes otherwise (escapes but of quotes, lines folded into one) is followed as far as that can be told; undefined: not at all.
 */
export function scalarOffset(text: string, scalar: Scalar, at: number): number | undefined {
  const start = scalar.range?.[0];
  if (start === undefined) return undefined;
  switch (scalar.type) {
    case 'PLAIN':
      return text.slice(start, start + at).includes('\n') ? undefined : start + at;
    case 'QUOTE_SINGLE':
      return quotedOffset(text, start + 1, at, (offset) => (text.startsWith("''", offset) ? 2 : 1));
    case 'QUOTE_DOUBLE':
      return quotedOffset(text, start + 1, at, (offset) => (text[offset] === '\\' ? 2 : 1));
    case 'BLOCK_LITERAL':
      return literalOffset(text, start, String(scalar.value), at);
    default:
      return undefined;
  }
}

/** `widthOf`: how many characters of the text stand for the one of the value at an offset. */
function quotedOffset(
  text: string,
  start: number,
  at: number,
  widthOf: (offset: number) => number,
): number | undefined {
  let offset = start;
  for (let i = 0; i < at; i++) {
    if (text[offset] === '\n' || /^\\[xuU]/.test(text.slice(offset, offset + 2))) return undefined;
    offset += widthOf(offset);
  }
  return offset;
}

/** The lines behind `|`, each with the indentation of the first that has anything else. */
function literalOffset(text: string, start: number, value: string, at: number): number | undefined {
  const before = value.slice(0, at).split('\n');
  let line = text.indexOf('\n', start) + 1;
  const indent = /^(?: *\r?\n)*( *)/.exec(text.slice(line))![1]!.length;
  for (let i = 1; i < before.length; i++) line = text.indexOf('\n', line) + 1;
  return line + indent + before.at(-1)!.length;
}
