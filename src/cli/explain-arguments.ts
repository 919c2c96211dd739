import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { authorityHost, isValidAuthority } from '../../protocols/http/authority.ts';
import { readIpAddress } from '../config/ip-address.ts';
import type { ExplainedRequest } from './explain-decision.ts';

export interface ExplainArguments {
  readonly file: string;
  readonly json: boolean;
  readonly request: ExplainedRequest;
}

export const EXPLAIN_USAGE =
  "portico explain URL [-c FILE] [--method M] [--header 'k: v'] [--sni NAME] [--client-ip IP] [--vip IP] [--json]";

/** The arguments behind `explain`, or a sentence that says what is wrong with them. */
export function readExplainArguments(args: readonly string[]): ExplainArguments | string {
  const parsed = parse(args);
  if (typeof parsed === 'string') return parsed;
  const { values, positionals } = parsed;
  const [url] = positionals;
  if (url === undefined || positionals.length > 1) return 'explain takes exactly one URL';

  const target = readUrl(url);
  if (typeof target === 'string') return target;
  const { method = 'GET', 'client-ip': clientIp } = values;
  if (!TOKEN.test(method)) return `not a method: ${method}`;
  if (clientIp !== undefined && isIP(clientIp) === 0) return `not an IP address: ${clientIp}`;
  const vip = values.vip === undefined ? undefined : readIpAddress(values.vip);
  if (typeof vip === 'object') return `not an IP address: ${values.vip}`;
  const fields = readHeaders(values.header ?? []);
  if (typeof fields === 'string') return fields;
  const authority = fields.find(([name]) => name === 'host')?.[1] ?? target.authority;
  if (!isValidAuthority(authority)) return `not a host with an optional port: ${authority}`;
  if (values.sni !== undefined && target.scheme === 'http') return '--sni needs an https URL';

  return {
    file: values.config ?? 'conf/portico.yaml',
    json: values.json ?? false,
    request: {
      scheme: target.scheme,
      method,
      authority,
      path: target.path,
      headers: fields.filter(([name]) => name !== 'host'),
      serverName:
        target.scheme === 'http' ? '' : (values.sni ?? serverNameOf(target.authority)).toLowerCase(),
      clientIp,
      vip,
    },
  };
}

type ParsedArguments = ReturnType<typeof parseExplain>;

function parseExplain(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      config: { type: 'string', short: 'c' },
      method: { type: 'string' },
      header: { type: 'string', multiple: true },
      sni: { type: 'string' },
      'client-ip': { type: 'string' },
      vip: { type: 'string' },
      json: { type: 'boolean' },
    },
  });
}

function parse(args: readonly string[]): ParsedArguments | string {
  try {
    return parseExplain(args);
  } catch (error) {
    // parseArgs reports what a person typed as a TypeError with a sentence for them.
    if (error instanceof TypeError) return error.message;
    throw error;
  }
}

/** RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Cut by hand: `new URL` would resolve dot-segments and escapes, which is what the person wants to see happen. */
function readUrl(url: string): { scheme: 'http' | 'https'; authority: string; path: string } | string {
  const parts = /^(https?):\/\/([^/?#]*)([^#]*)/.exec(url);
  if (parts === null) return `not an http or https URL: ${url}`;
  const [, scheme, authority, rest] = parts as unknown as [string, 'http' | 'https', string, string];
  if (!isValidAuthority(authority)) return `not a host with an optional port: ${authority}`;
  if (!/^[\x21-\x7e]*$/.test(rest)) return 'percent-encode spaces and non-ASCII characters of the path';
  return { scheme, authority, path: rest.startsWith('/') ? rest : `/${rest}` };
}

function readHeaders(fields: readonly string[]): (readonly [string, string])[] | string {
  const headers: (readonly [string, string])[] = [];
  for (const field of fields) {
    const colon = field.indexOf(':');
    const name = field.slice(0, Math.max(0, colon));
    if (!TOKEN.test(name)) return `not a header ('name: value'): ${field}`;
    headers.push([name.toLowerCase(), field.slice(colon + 1).trim()]);
  }
  return headers;
}

/** What a client asks for by SNI: the host of its URL, nothing for an IP literal (RFC 6066, section 3). */
function serverNameOf(authority: string): string {
  const host = authorityHost(authority);
  return isIP(host) === 0 ? host : '';
}
