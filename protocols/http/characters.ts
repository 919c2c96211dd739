/**
 * Character classes of RFC 9110, section 5.6.2 and RFC 3986 as bit masks, one table look-up per octet. Heads are read as
 * latin-1 strings, so a char code is an octet.
 */
const TOKEN = 1;
const FIELD_VALUE = 2;
const TARGET = 4;
const DIGIT = 8;

const CLASSES = new Uint8Array(256);
for (let code = 0x21; code < 0x7f; code++) CLASSES[code] = FIELD_VALUE | TARGET;
// obs-text is allowed in values (RFC 9110, section 5.5): HTAB and SP too, no other control.
for (let code = 0x80; code <= 0xff; code++) CLASSES[code] = FIELD_VALUE;
CLASSES[0x09] = FIELD_VALUE;
CLASSES[0x20] = FIELD_VALUE;
for (const char of "!#$%&'*+-.^_`|~") CLASSES[char.charCodeAt(0)]! |= TOKEN;
for (let code = 0x30; code <= 0x39; code++) CLASSES[code]! |= TOKEN | DIGIT;
for (let code = 0x41; code <= 0x5a; code++) CLASSES[code]! |= TOKEN;
for (let code = 0x61; code <= 0x7a; code++) CLASSES[code]! |= TOKEN;
// Not RFC 3986, and no browser sends them raw: quotes, angle brackets, a fragment, a backslash. Raw [ ] ^ ` { | } are sent
// by browsers in queries (WHATWG URL) and harm nothing.
for (const char of '"<>#\\') CLASSES[char.charCodeAt(0)]! &= ~TARGET;

/** Whether text[start, end) is one or more tchar. */
export function isToken(text: string, start: number, end: number): boolean {
  if (start >= end) return false;
  for (let i = start; i < end; i++) {
    if ((CLASSES[text.charCodeAt(i)]! & TOKEN) === 0) return false;
  }
  return true;
}

/** Whether text[start, end) holds nothing but HTAB, SP, VCHAR and obs-text. */
export function isFieldValue(text: string, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    if ((CLASSES[text.charCodeAt(i)]! & FIELD_VALUE) === 0) return false;
  }
  return true;
}

/**
 * Whether text[start, end) is acceptable as path and query: visible ASCII but `"<>#\`, and in the path part no percent sign
 * without two hexadecimal digits (what it would decode to is a matter of taste, and taste differs between peers).
 */
export function isPathAndQuery(text: string, start: number, end: number): boolean {
  let inPath = true;
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if ((CLASSES[code]! & TARGET) === 0) return false;
    if (code === 0x3f) inPath = false;
    else if (
      code === 0x25 &&
      inPath &&
      !(i + 2 < end && isHexDigit(text.charCodeAt(i + 1)) && isHexDigit(text.charCodeAt(i + 2)))
    )
      return false;
  }
  return true;
}

/** The value of 1*DIGIT in text[start, end), or -1 when there is anything else or more than `maxDigits`. */
export function parseDecimal(text: string, start: number, end: number, maxDigits: number): number {
  if (start >= end || end - start > maxDigits) return -1;
  let value = 0;
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i);
    if ((CLASSES[code]! & DIGIT) === 0) return -1;
    value = value * 10 + (code - 0x30);
  }
  return value;
}

/** The value of one hexadecimal digit, or -1. */
export function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function isHexDigit(code: number): boolean {
  return hexDigit(code) >= 0;
}
