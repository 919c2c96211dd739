/**
 * A string as the inside of a JSON string literal. Almost all values of a log line are plain ASCII, so the common
 * case is one scan.
 *
 * Values come from the wire as latin-1, one character per byte. Bytes that are valid UTF-8 are shown as the text that was
 * meant, others as the latin-1 characters they are; either way the line is valid UTF-8. Control characters and
 * those that reorder or hide text are written as \uXXXX: a client must not be able to forge what a terminal shows.
 */
export function jsonText(value: string): string {
  return PLAIN.test(value) ? value : escaped(value);
}

/** Printable ASCII without the quote and the backslash. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

function escaped(value: string): string {
  return JSON.stringify(decoded(value))
    .slice(1, -1)
    .replace(DECEPTIVE, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** DEL and C1 controls, zero-width and direction marks, line and paragraph separators, and the tags of plane 14, unit by unit. */
const DECEPTIVE =
  /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|\udb40(?=[\udc00-\udc7f])|(?<=\udb40)[\udc00-\udc7f]/g;

function decoded(value: string): string {
  if (!/[\x80-\xff]/.test(value) || /[^\x00-\xff]/.test(value)) return value;
  try {
    return UTF8.decode(Buffer.from(value, 'latin1'));
  } catch {
    return value;
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
