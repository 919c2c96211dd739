import { type HeaderList, listTokens } from './header-list.ts';

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

/** Appends to `target` every field that may be forwarded: not hop-by-hop, not named by Connection. */
export function copyEndToEnd(headers: HeaderList, target: string[]): void {
  const named = connectionOptions(headers);
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i]!;
    if (HOP_BY_HOP.has(name) || named?.has(name) === true) continue;
    target.push(name, headers[i + 1]!);
  }
}

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
