import type { ResponseHead } from '../../protocols/http/message.ts';
import { cookieValue } from '../../protocols/http/sent-value.ts';
import { isCandidate } from '../balance/balancer.ts';
import type { Instance } from '../balance/instance.ts';
import type { Sticky, StickyPlace } from '../balance/sticky.ts';
import type { Location } from './location.ts';

/** Where a client was before, by the cookie that it sends; undefined: nowhere. */
export function stickyPlace(sticky: Sticky, { head }: Pick<Location, 'head'>): StickyPlace | undefined {
  const token = cookieValue(head.headers, sticky.cookie);
  return token === undefined ? undefined : sticky.find(token);
}

/** The same, where that instance may have the next attempt. */
export function keptPlace(
  sticky: Sticky,
  location: Location,
  tried: readonly Instance[],
): StickyPlace | undefined {
  const place = stickyPlace(sticky, location);
  return place !== undefined && isCandidate(place.instance, tried) ? place : undefined;
}

/**
 * The response head with a cookie that names who answered, unless the client has that one. A head of its own: what the instance sends
 * again for others is remembered without it.
 */
export function withStickyCookie(
  sticky: Sticky,
  location: Location,
  instance: Instance,
  head: ResponseHead,
): ResponseHead {
  if (stickyPlace(sticky, location)?.instance === instance) return head;
  const cookie = sticky.setCookie(instance, location.scheme === 'https');
  return head.withHeaders([...head.headers, 'set-cookie', cookie]);
}
