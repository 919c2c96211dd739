/**
 * A header (or trailer) section: name, value, name, value … in order of arrival.
 *
 * Names are lower-case, values are latin-1 strings without surrounding white space. A flat array costs one
 * allocation per section and keeps order and repetition, which a Map would lose (RFC 9110, section 5.3).
 */
export type HeaderList = readonly string[];

export const NO_HEADERS: HeaderList = Object.freeze([]);

/** The first value of a field, or undefined. `name` must be lower-case. */
export function headerValue(headers: HeaderList, name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] === name) return headers[i + 1];
  }
  return undefined;
}

/** All values of a field joined by ", " (RFC 9110, section 5.3), or undefined when it is absent. */
export function combinedHeaderValue(headers: HeaderList, name: string): string | undefined {
  let combined: string | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] === name)
      combined = combined === undefined ? headers[i + 1]! : `${combined}, ${headers[i + 1]}`;
  }
  return combined;
}

/** Whether a comma-separated list field (Connection, TE, …) holds `token`; both are compared without case. */
export function hasListToken(headers: HeaderList, name: string, token: string): boolean {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] === name && listTokens(headers[i + 1]!).includes(token)) return true;
  }
  return false;
}

/** The members of a comma-separated list value, lower-case, without empty ones and without parameters. */
export function listTokens(value: string): string[] {
  const tokens: string[] = [];
  for (const member of value.split(',')) {
    const semicolon = member.indexOf(';');
    const token = trimBlanks(semicolon < 0 ? member : member.slice(0, semicolon)).toLowerCase();
    if (token !== '') tokens.push(token);
  }
  return tokens;
}

/** Without SP and HTAB at both ends. Not `trim`, which takes away octets that are blanks to Unicode only. */
export function trimBlanks(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

/**
 * Throws unless every name is a lower-case token and every value can stand in a field line: for lists that code of ours or of
 * a module has made. Parsed lists need no check. Host and framing are refused as well: the writers add them, and a message
 * that has them twice is read in two ways.
 */
export function assertHeaderList(headers: HeaderList): void {
  if (!Array.isArray(headers)) throw new Error('the fields are no list');
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i];
    const value = headers[i + 1];
    // A program without types may give a number, which would pass for its text and be encoded as none.
    if (typeof name !== 'string' || !/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name))
      throw new Error(`invalid field name ${JSON.stringify(name)}`);
    if (typeof value !== 'string' || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
      throw new Error(`invalid value of field ${name}`);
    if (name === 'host' || name === 'content-length' || name === 'transfer-encoding')
      throw new Error(`field ${name} is not for the list: it is written by the protocol`);
  }
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
