/**
 * Percent-encodes what cannot stand in a URI at all, and what no request may have in its target: controls, blanks, octets beyond ASCII,
 * quotes, angle brackets, backslashes. What is encoded already stays as it is.
 */
export function uriText(text: string): string {
  return text.replace(/[^\x21-\x7e]|["<>\\]/g, escapeOctet);
}

/** As `uriText`, for a piece of a path: `?` and `#` would end it, and a `%` that encodes nothing is malformed. */
export function pathText(text: string): string {
  return text.replace(/[^\x21-\x7e]|["<>\\?#]|%(?![0-9A-Fa-f]{2})/g, escapeOctet);
}

/** As `uriText`, for the value of a query parameter: `&` and `#` would end it. */
export function parameterText(text: string): string {
  return text.replace(/[^\x21-\x7e]|["<>\\&#]/g, escapeOctet);
}

/** Heads have one character per octet. */
function escapeOctet(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}
