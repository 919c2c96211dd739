import { type HeaderList, headerValue, trimBlanks } from '../../protocols/http/header-list.ts';
import type { Exchange } from '../core/exchange.ts';
import { murmur3 } from '../core/murmur3.ts';
import type { HashOnSettings } from '../core/settings.ts';

/**
 * What a cluster that hashes chooses an instance by: an unsigned integer below 2^32, the same in every process. Where a request does
 * not have what is asked for, a number by chance: all such requests on one instance would be no balance.
 */
export function hashKey(hashOn: HashOnSettings, exchange: HashedExchange): number {
  const text = keyText(hashOn, exchange);
  return text === undefined ? Math.floor(Math.random() * 2 ** 32) : murmur3(text);
}

export type HashedExchange = Pick<Exchange, 'path' | 'requestHeaders'> & {
  readonly session: { readonly remoteAddress: string };
};

function keyText(hashOn: HashOnSettings, exchange: HashedExchange): string | undefined {
  switch (hashOn.kind) {
    case 'address':
      return exchange.session.remoteAddress;
    case 'uri':
      return exchange.path;
    case 'header':
      return headerValue(exchange.requestHeaders, hashOn.name);
    case 'cookie':
      return cookieValue(exchange.requestHeaders, hashOn.name);
    case 'query':
      return queryValue(exchange.path, hashOn.name);
  }
}

/** The first cookie of that name, as sent. HTTP/2 sends them in as many fields as it likes. */
function cookieValue(headers: HeaderList, name: string): string | undefined {
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== 'cookie') continue;
    const value = pairValue(headers[i + 1]!, 0, ';', name);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** The first query parameter of that name, as sent: nothing is decoded. */
function queryValue(path: string, name: string): string | undefined {
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
