import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { isValidAuthority } from '../../protocols/http/authority.ts';
import { readIpAddress } from '../config/ip-address.ts';
import { readInstant } from '../core/instant.ts';
import { isToken, readTargetText } from '../core/request-text.ts';
import { type ExplainedRequest, serverNameOf } from '../explain/explained-request.ts';

export interface ExplainArguments {
  readonly file: string;
  readonly json: boolean;
  readonly request: ExplainedRequest;
}

export const EXPLAIN_USAGE =
  "portico explain URL [-c FILE] [--method M] [--header 'k: v'] [--sni NAME] [--client-ip IP] [--vip IP] [--at TIME] [--json]";

/** The arguments behind `explain`, or a sentence that says what is wrong with them. */
export function readExplainArguments(args: readonly string[]): ExplainArguments | string {
  const parsed = parse(args);
  if (typeof parsed === 'string') return parsed;
  const { values, positionals } = parsed;
  const [url] = positionals;
  if (url === undefined || positionals.length > 1) return 'explain takes exactly one URL';

  const target = readTargetText(url);
  if (typeof target === 'string') return target;
  const { origin } = target;
  if (origin === undefined) return `not an http or https URL: ${url}`;
  const { method = 'GET', 'client-ip': clientIp } = values;
  if (!isToken(method)) return `not a method: ${method}`;
  if (clientIp !== undefined && isIP(clientIp) === 0) return `not an IP address: ${clientIp}`;
  const vip = values.vip === undefined ? undefined : readIpAddress(values.vip);
  if (typeof vip === 'object') return `not an IP address: ${values.vip}`;
  const at = values.at === undefined ? undefined : readInstant(values.at);
  if (values.at !== undefined && at === undefined)
    return `not a time with its zone, such as 2026-12-24T18:00:00Z: ${values.at}`;
  const fields = readHeaders(values.header ?? []);
  if (typeof fields === 'string') return fields;
  const authority = fields.find(([name]) => name === 'host')?.[1] ?? origin.authority;
  if (!isValidAuthority(authority)) return `not a host with an optional port: ${authority}`;
  if (values.sni !== undefined && origin.scheme === 'http') return '--sni needs an https URL';

  return {
    file: values.config ?? 'conf/portico.yaml',
    json: values.json ?? false,
    request: {
      scheme: origin.scheme,
      method,
      authority,
      path: target.path,
      headers: fields.filter(([name]) => name !== 'host'),
      serverName:
        origin.scheme === 'http' ? '' : (values.sni ?? serverNameOf(origin.authority)).toLowerCase(),
      clientIp,
      vip,
      ...(at === undefined ? {} : { at }),
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
      at: { type: 'string' },
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

function readHeaders(fields: readonly string[]): (readonly [string, string])[] | string {
  const headers: (readonly [string, string])[] = [];
  for (const field of fields) {
    const colon = field.indexOf(':');
    const name = field.slice(0, Math.max(0, colon));
    if (!isToken(name)) return `not a header ('name: value'): ${field}`;
    headers.push([name.toLowerCase(), field.slice(colon + 1).trim()]);
  }
  return headers;
}
