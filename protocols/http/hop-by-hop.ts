import { assertHeaderList, type HeaderList, listTokens } from './header-list.ts';

/** Fields that concern one connection only and are never forwarded (RFC 9110, section 7.6.1, and their ancestors). */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'proxy-authenticate',
  'proxy-authorization',
]);

/** Whether a field never passes a proxy, whatever Connection says. `name` must be lower-case. */
export function isHopByHop(name: string): boolean {
  return HOP_BY_HOP.has(name);
}

/** Appends to `target` every field that may be forwarded: not hop-by-hop, not named by Connection. */
export function copyEndToEnd(headers: HeaderList, target: string[]): void {
  const named = connectionOptions(headers);
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    if (HOP_BY_HOP.has(name) || named?.has(name) === true) continue;
    target.push(name, headers[i + 1]!);
  }
}

/** The trailers of a message that are not of its connection alone, as those are that Connection names (RFC 9110, section 7.6.1). */
export function endToEndTrailers(headers: HeaderList, trailers: HeaderList): HeaderList {
  const named = trailers.length === 0 ? undefined : connectionOptions(headers);
  return named === undefined ? trailers : trailers.filter((_, i) => !named.has(trailers[i - (i % 2)]!));
}

/** As `assertHeaderList`, for a list that goes out as it is: fields of a connection are not for it. */
export function assertEndToEnd(headers: HeaderList, status = 0): void {
  assertHeaderList(headers);
  assertNotOfConnection(headers, status);
}

/**
 * Throws for fields of a connection: HTTP/1 writes its own, and a message of HTTP/2 that has one is malformed (RFC 9113, section 8.2.2).
 * What stands for their meaning may be there: `te` with `trailers`, and `upgrade` in a response of this status, if that is 426; the
 * writers add to them what their version needs.
 */
export function assertNotOfConnection(headers: HeaderList, status: number): void {
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    if (!CONNECTION_SPECIFIC.has(name)) continue;
    if (name === 'te' && headers[i + 1] === 'trailers' && status === 0) continue;
    if (name === 'upgrade' && status === 426) continue;
    throw new Error(`field ${name} is not for the list: it is about a connection (to end it: closeAfter())`);
  }
}

const CONNECTION_SPECIFIC: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'upgrade',
]);

/** The lower-case tokens of all Connection fields, or undefined when there is none. */
function connectionOptions(headers: HeaderList): ReadonlySet<string> | undefined {
  let options: Set<string> | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i] !== 'connection') continue;
    options ??= new Set();
    for (const token of listTokens(headers[i + 1]!)) options.add(token);
  }
  return options;
}
