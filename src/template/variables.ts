import { splitAuthority } from '../../protocols/http/authority.ts';
import { combinedHeaderValue } from '../../protocols/http/header-list.ts';
import { cookieValue, queryValue } from '../../protocols/http/sent-value.ts';
import type { RespondingExchange } from '../core/callback-points.ts';
import type { RequestFacts } from '../core/request-facts.ts';

/**
 * What `%{name}` may stand for. Everything is as the client sent it and can stand in a header line, because nothing is decoded;
 * what is not there is an empty text.
 */
export interface Variable {
  /** What stands behind the colon in `%{name:…}`; undefined: nothing may. */
  readonly argument?: 'header' | 'cookie' | 'parameter' | 'tag';
  /** Of variables that every request has. */
  readonly ofRequest?: (request: RequestFacts, argument: string) => string;
  /** Of variables that are known when there is a response. */
  readonly ofResponse?: (exchange: RespondingExchange) => string;
}

export const VARIABLES: ReadonlyMap<string, Variable> = new Map<string, Variable>([
  ['client_ip', { ofRequest: ({ clientAddress }) => clientAddress }],
  ['client_port', { ofRequest: ({ session }) => String(session.remotePort) }],
  ['peer_ip', { ofRequest: ({ session }) => session.balancer?.address ?? session.remoteAddress }],
  ['server_ip', { ofRequest: ({ session }) => session.localAddress }],
  ['server_port', { ofRequest: ({ session }) => String(session.localPort) }],
  ['session_id', { ofRequest: ({ session }) => String(session.id) }],
  ['scheme', { ofRequest: ({ scheme }) => scheme }],
  ['protocol', { ofRequest: ({ head }) => `http/${head.version}` }],
  ['method', { ofRequest: ({ head }) => head.method }],
  ['host', { ofRequest: hostOf }],
  ['port', { ofRequest: portOf }],
  ['uri', { ofRequest: ({ head }) => head.path }],
  ['path', { ofRequest: ({ head }) => pathOf(head.path) }],
  ['query', { argument: 'parameter', ofRequest: ({ head }, name) => queryOf(head.path, name) }],
  [
    'header',
    { argument: 'header', ofRequest: ({ head }, name) => combinedHeaderValue(head.headers, name) ?? '' },
  ],
  ['cookie', { argument: 'cookie', ofRequest: ({ head }, name) => cookieValue(head.headers, name) ?? '' }],
  ['tag', { argument: 'tag', ofRequest: ({ tags }, name) => tagOf(tags, name) }],
  ['server_name', { ofRequest: ({ session }) => session.tls?.serverName ?? '' }],
  ['tls_version', { ofRequest: ({ session }) => session.tls?.version ?? '' }],
  ['tls_cipher', { ofRequest: ({ session }) => session.tls?.cipher ?? '' }],
  [
    'tls_resumed',
    { ofRequest: ({ session }) => (session.tls === undefined ? '' : String(session.tls.resumed)) },
  ],
  ['tenant', { ofRequest: ({ tenant }) => tenant?.name ?? '' }],
  ['route', { ofRequest: ({ routeText }) => routeText }],
  ['request_id', { ofResponse: ({ id }) => id }],
  ['cluster', { ofResponse: ({ cluster }) => cluster?.name ?? '' }],
  ['sub_cluster', { ofResponse: ({ instance }) => instance?.subCluster ?? '' }],
  ['instance', { ofResponse: ({ instance }) => instance?.address.text ?? '' }],
  ['attempts', { ofResponse: ({ attempts }) => String(attempts) }],
]);

/** As URLs and Host have it: an IPv6 address in brackets. */
function hostOf({ head }: RequestFacts): string {
  const host = splitAuthority(head.authority)?.host ?? '';
  return host.includes(':') ? `[${host}]` : host;
}

function portOf({ head, scheme }: RequestFacts): string {
  return String(splitAuthority(head.authority)?.port ?? (scheme === 'http' ? 80 : 443));
}

function pathOf(uri: string): string {
  const question = uri.indexOf('?');
  return question < 0 ? uri : uri.slice(0, question);
}

function queryOf(uri: string, name: string): string {
  if (name !== '') return queryValue(uri, name) ?? '';
  const question = uri.indexOf('?');
  return question < 0 ? '' : uri.slice(question + 1);
}

function tagOf(tags: readonly string[], name: string): string {
  for (let i = tags.length - 2; i >= 0; i -= 2) if (tags[i] === name) return tags[i + 1]!;
  return '';
}
