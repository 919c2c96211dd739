import { isValidAuthority } from '../../protocols/http/authority.ts';
import { readInstant } from '../core/instant.ts';
import { isToken, readTargetText } from '../core/request-text.ts';
import { addressText, readAddress } from '../route/condition/address-key.ts';
import { type ExplainedRequest, headersWith, serverNameOf } from './explained-request.ts';

/** A request as it is asked about, on a command line or in a query: everything is text that somebody typed. */
export interface Question {
  readonly url: string;
  readonly method?: string | undefined;
  /** Each `name: value`. One that is called host stands for that of the URL. */
  readonly headers: readonly string[];
  readonly sni?: string | undefined;
  readonly clientIp?: string | undefined;
  readonly vip?: string | undefined;
  /** A body; JSON, unless a header says otherwise. */
  readonly data?: string | undefined;
  /** ISO 8601 with zone. */
  readonly at?: string | undefined;
}

/** The request, or a sentence that says what is wrong with the question. */
export function readQuestion(question: Question): ExplainedRequest | string {
  const { url, data, sni, clientIp } = question;
  const method = question.method ?? (data === undefined ? 'GET' : 'POST');
  const target = readTargetText(url);
  if (typeof target === 'string') return target;
  const { origin, path } = target;
  if (origin === undefined) return `not an http or https URL: ${url}`;
  if (!isToken(method)) return `not a method: ${method}`;
  const client = question.clientIp === undefined ? '' : readAddress(question.clientIp);
  if (client === undefined) return `not an IP address: ${clientIp}`;
  const vip = question.vip === undefined ? '' : readAddress(question.vip);
  if (vip === undefined) return `not an IP address: ${question.vip}`;
  const at = question.at === undefined ? undefined : readInstant(question.at);
  if (question.at !== undefined && at === undefined)
    return `not a time with its zone, such as 2026-12-24T18:00:00Z: ${question.at}`;
  const fields = readHeaders(question.headers);
  if (typeof fields === 'string') return fields;
  const authority = fields.find(([name]) => name === 'host')?.[1] ?? origin.authority;
  if (!isValidAuthority(authority)) return `not a host with an optional port: ${authority}`;
  if (sni !== undefined && origin.scheme === 'http') return 'a name for SNI needs an https URL';
  return {
    scheme: origin.scheme,
    method,
    authority,
    path,
    headers: headersWith(
      data,
      fields.filter(([name]) => name !== 'host'),
    ),
    serverName: origin.scheme === 'http' ? '' : (sni ?? serverNameOf(origin.authority)).toLowerCase(),
    clientIp,
    vip: vip === '' ? undefined : addressText(vip),
    ...(data === undefined ? {} : { body: data }),
    ...(at === undefined ? {} : { at }),
  };
}

function readHeaders(fields: readonly string[]): (readonly [string, string])[] | string {
  const headers: (readonly [string, string])[] = [];
  for (const field of fields) {
    const colon = field.indexOf(':');
    const name = field.slice(0, Math.max(0, colon));
    const value = field.slice(colon + 1).trim();
    if (!isToken(name) || CONTROL.test(value))
      return `not a header ('name: value'): ${JSON.stringify(field).slice(1, -1)}`;
    headers.push([name.toLowerCase(), value]);
  }
  return headers;
}

/** What no request can bring in a value: it would be refused. */
const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/;
