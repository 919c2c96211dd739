import { type HeaderList, trimBlanks } from './header-list.ts';

/** The first cookie of that name, as sent. HTTP/2 sends them in as many fields as it likes. */
export function cookieValue(headers: HeaderList, name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== 'cookie') continue;
    const value = pairValue(headers[i + 1]!, 0, ';', name);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** The first query parameter of that name in a path with query, as sent: nothing is decoded. */
export function queryValue(path: string, name: string): string | undefined {
  const question = path.indexOf('?');
  return question < 0 ? undefined : pairValue(path, question + 1, '&', name);
}

function pairValue(text: string, from: number, separator: string, name: string): string | undefined {
  let start = from;
  while (start <= text.length) {
    const next = text.indexOf(separator, start);
    const end = next < 0 ? text.length : next;
    const equals = text.indexOf('=', start);
    if (equals >= 0 && equals < end && trimBlanks(text.slice(start, equals)) === name)
      return trimBlanks(text.slice(equals + 1, end));
    start = end + 1;
  }
  return undefined;
}
