/**
 * Fields that frame, route or control the connection: a recipient that merged them from the trailer into the header section
 * would read another message than we did (RFC 9110, section 6.5.1).
 */
const FORBIDDEN: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Whether a field may not stand in a trailer section. `name` must be lower-case. */
export function isForbiddenInTrailers(name: string): boolean {
  return FORBIDDEN.has(name);
}
