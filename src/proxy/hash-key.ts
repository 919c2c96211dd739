import { headerValue } from '../../protocols/http/header-list.ts';
import { cookieValue, queryValue } from '../../protocols/http/sent-value.ts';
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

/** As sent; undefined or empty where the request does not have it. */
export function keyText(hashOn: HashOnSettings, exchange: HashedExchange): string | undefined {
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
