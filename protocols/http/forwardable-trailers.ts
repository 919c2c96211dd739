import type { HeaderList } from './header-list.ts';

/**
 * The trailers of a request that may go on to a backend. What says who asks, from where and by what right is decided from the header
 * section, and set or taken out there: a backend that merges trailers into it (RFC 9110, section 6.5.1) would believe the client
 * instead. So are fields that say how the content is to be read, which has been forwarded by then. Gives the same list when all may.
 */
export function forwardableTrailers(trailers: HeaderList): HeaderList {
  for (let i = 0; i < trailers.length; i += 2) {
    if (isWithheld(trailers[i]!)) return trailers.filter((_, at) => !isWithheld(trailers[at - (at % 2)]!));
  }
  return trailers;
}

/** Underscores count as hyphens: CGI and its descendants do not tell them apart. */
function isWithheld(name: string): boolean {
  const plain = name.includes('_') ? name.replaceAll('_', '-') : name;
  return WITHHELD.has(plain) || PREFIXES.some((prefix) => plain.startsWith(prefix));
}

const WITHHELD: ReadonlySet<string> = new Set([
  // who asks, and what became of it on the way
  'forwarded',
  'via',
  'x-mirrored-from',
  'x-real-ip',
  'x-request-id',
  // by what right
  'authorization',
  'cookie',
  'proxy-authorization',
  // what it is about
  'cache-control',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'http2-settings',
  'max-forwards',
  'range',
  'transfer-encoding',
]);

const PREFIXES = ['x-forwarded-', 'x-client-cert-'];
