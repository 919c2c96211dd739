import { type Refusal, refuse, refuseValue } from './leaf.ts';

const EXPECTED = 'a path such as /cart (exactly this) or /api/* (this and everything below)';

/** A route's path: `/a/b` exact, `/a/*` on or below a segment, `/*` everything. */
export function readPathPattern(value: unknown): string | Refusal {
  if (typeof value !== 'string') return refuseValue(EXPECTED, value);
  if (!value.startsWith('/'))
    return refuseValue(EXPECTED, value, `begin with a slash: /${value.slice(0, 40)}`);
  const bare = value.endsWith('/*') ? value.slice(0, -1) : value;
  if (bare.includes('*'))
    return refuseValue(EXPECTED, value, 'a * stands for whole segments, at the end only: /a/*');
  const fault = pathFault(bare);
  return fault === undefined ? value : refuse(`the path ${JSON.stringify(value)} can never match: ${fault}`);
}

/** The target of a probe: origin-form, query allowed (RFC 9112, section 3.2.1). */
export function readProbePath(value: unknown): string | Refusal {
  const expected = 'a path such as /healthz';
  if (typeof value !== 'string' || !value.startsWith('/')) return refuseValue(expected, value);
  if (!/^[\x21-\x7e]+$/.test(value))
    return refuseValue(expected, value, 'percent-encode spaces and non-ASCII characters');
  if (value.includes('#')) return refuseValue(expected, value, 'a fragment is never sent');
  return value;
}

/** What makes a request path impossible: such a route would sit in the file and never be chosen. */
function pathFault(path: string): string | undefined {
  if (/[?#]/.test(path)) return 'a route looks at the path only, without query or fragment';
  if (!/^[\x21-\x7e]+$/.test(path)) return 'spaces, controls and non-ASCII characters arrive percent-encoded';
  if (/["<>\\]/.test(path))
    return 'requests with ", <, > or \\ in their path are refused, unless it is percent-encoded';
  if (/%(?![0-9A-Fa-f]{2})/.test(path)) return 'requests with a % without two hexadecimal digits are refused';
  if (path.split('/').some((segment) => segment === '.' || segment === '..')) {
    return '"." and ".." segments are resolved before a route is chosen';
  }
  for (const [triplet] of path.matchAll(/%[0-9A-Fa-f]{2}/g)) {
    const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16));
    // Requests are matched with unreserved characters decoded and the other escapes in upper case (RFC 3986, section 6.2.2).
    if (/[A-Za-z0-9\-._~]/.test(character)) return `${triplet} is matched as ${character}`;
    if (triplet !== triplet.toUpperCase()) return `${triplet} is matched as ${triplet.toUpperCase()}`;
  }
  return undefined;
}
