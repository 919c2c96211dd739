import { hexDigit } from '../../../protocols/http/characters.ts';

/**
 * The parameters of a query (what follows `?`): names and values decoded to octets, `+` to a blank; the first value of each name.
 * As Go reads them: a pair with a malformed escape or a semicolon is left out, for peers disagree about what it says.
 */
export function queryParameters(query: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  let start = 0;
  while (start < query.length) {
    const ampersand = query.indexOf('&', start);
    const end = ampersand < 0 ? query.length : ampersand;
    if (end > start) addPair(parameters, query.slice(start, end));
    start = end + 1;
  }
  return parameters;
}

function addPair(parameters: Map<string, string>, pair: string): void {
  if (pair.includes(';')) return;
  const equals = pair.indexOf('=');
  const name = decode(equals < 0 ? pair : pair.slice(0, equals));
  const value = equals < 0 ? '' : decode(pair.slice(equals + 1));
  if (name === undefined || value === undefined || parameters.has(name)) return;
  parameters.set(name, value);
}

function decode(text: string): string | undefined {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text;
  return decodeEscapes(spaced);
}

/** Every `%XX` as the octet it names; undefined when some `%` is not followed by two hexadecimal digits. */
export function decodeEscapes(text: string): string | undefined {
  let percent = text.indexOf('%');
  if (percent < 0) return text;
  let decoded = '';
  let start = 0;
  while (percent >= 0) {
    const high = hexDigit(text.charCodeAt(percent + 1));
    const low = hexDigit(text.charCodeAt(percent + 2));
    if (high < 0 || low < 0) return undefined;
    decoded += text.slice(start, percent) + String.fromCharCode(high * 16 + low);
    start = percent + 3;
    percent = text.indexOf('%', start);
  }
  return decoded + text.slice(start);
}
