/**
 * The path that routes are matched against. What is forwarded stays as the client sent it; this form only makes sure
 * that no other spelling of a path slips past a rule written for it (RFC 3986, section 6.2.2):
 *
 *   query cut off · percent-escapes of unreserved characters decoded (`%61` is `a`) · other escapes kept, with upper-case
 *   digits (`%2f` never becomes a slash) · dot-segments removed, also those written `%2e` (section 5.2.4)
 *
 * Repeated slashes are kept: `//` is an empty segment to the grammar and to most backends.
 */
export function routingPath(path: string): string {
  const question = path.indexOf('?');
  const sent = question < 0 ? path : path.slice(0, question);
  const decoded = sent.includes('%') ? decodeUnreserved(sent) : sent;
  return decoded.includes('/.') ? removeDotSegments(decoded) : decoded;
}

/** Malformed escapes stay as they are. */
function decodeUnreserved(path: string): string {
  return path.replace(ESCAPE, (sent, digits: string) => {
    const character = String.fromCharCode(Number.parseInt(digits, 16));
    return UNRESERVED.test(character) ? character : sent.toUpperCase();
  });
}

// Neither can backtrack: the work is linear in the length of the path.
const ESCAPE = /%([0-9A-Fa-f]{2})/g;
const UNRESERVED = /[A-Za-z0-9\-._~]/;

function removeDotSegments(path: string): string {
  const kept: string[] = [];
  const segments = path.split('/');
  for (let i = 1; i < segments.length; i++) {
    const segment = segments[i]!;
    if (segment !== '.' && segment !== '..') {
      kept.push(segment);
      continue;
    }
    if (segment === '..') kept.pop();
    // `/a/.` and `/a/b/..` end in a slash: they name what lies below `/a`.
    if (i === segments.length - 1) kept.push('');
  }
  return `/${kept.join('/')}`;
}
