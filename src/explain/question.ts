import { readInstant } from '../core/instant.ts';
import { isToken, readTargetText } from '../core/request-text.ts';
import { addressText, readAddress } from '../route/condition/address-key.ts';
import { type ExplainedRequest, headersWith, serverNameOf } from './explained-request.ts';
import { readQuestionFields } from './question-fields.ts';

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
  if (method === 'CONNECT') return 'CONNECT is answered with 501 before anything is decided';
  if (method === 'TRACE' && data !== undefined)
    return 'TRACE with a body is answered with 400 before anything is decided';
  const client = question.clientIp === undefined ? '' : readAddress(question.clientIp);
  if (client === undefined) return `not an IP address: ${clientIp}`;
  const vip = question.vip === undefined ? '' : readAddress(question.vip);
  if (vip === undefined) return `not an IP address: ${question.vip}`;
  const at = question.at === undefined ? undefined : readInstant(question.at);
  if (question.at !== undefined && at === undefined)
    return `not a time with its zone, such as 2026-12-24T18:00:00Z: ${question.at}`;
  const fields = readQuestionFields(question.headers);
  if (typeof fields === 'string') return fields;
  const authority = fields.host ?? origin.authority;
  if (sni !== undefined && origin.scheme === 'http') return 'a name for SNI needs an https URL';
  return {
    scheme: origin.scheme,
    method,
    authority,
    path,
    headers: headersWith(data, fields.headers),
    serverName: origin.scheme === 'http' ? '' : serverNameOf(sni ?? origin.authority),
    clientIp,
    vip: vip === '' ? undefined : addressText(vip),
    ...(data === undefined ? {} : { body: data }),
    ...(at === undefined ? {} : { at }),
  };
}
