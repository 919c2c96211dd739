import { plainTemplate } from './draft.ts';

/** Variables of BFE in values of headers; what is absent is not known here. */
const VARIABLES: ReadonlyMap<string, string> = new Map([
  ['bfe_client_ip', 'client_ip'],
  ['bfe_cip', 'client_ip'],
  ['bfe_client_port', 'client_port'],
  ['bfe_request_host', 'host'],
  ['bfe_session_id', 'session_id'],
  ['bfe_vip', 'server_ip'],
  ['bfe_bip', 'peer_ip'],
  ['bfe_rip', 'server_ip'],
  ['bfe_ssl_resume', 'tls_resumed'],
  ['bfe_ssl_cipher', 'tls_cipher'],
  ['bfe_ssl_version', 'tls_version'],
  ['bfe_protocol', 'protocol'],
]);

/** Known when there is a response. */
const OF_RESPONSES: ReadonlyMap<string, string> = new Map([
  ['bfe_log_id', 'request_id'],
  ['bfe_cluster', 'cluster'],
  ['bfe_backend_info', 'instance'],
]);

/** Whose values are written otherwise than by BFE. */
const OTHER_FORM = new Set([
  'bfe_request_host',
  'bfe_session_id',
  'bfe_ssl_resume',
  'bfe_protocol',
  'bfe_log_id',
  'bfe_backend_info',
  'bfe_rip',
]);

interface HeaderValue {
  readonly text: string;
  /** Variables whose values look otherwise than BFE's. */
  readonly different: readonly string[];
}

/** `%bfe_vip` as `%{server_ip}`; `%%` is a percent sign. A sentence when there is a variable that Portico does not have. */
export function readHeaderValue(written: string, side: 'request' | 'response'): HeaderValue | string {
  const different: string[] = [];
  let text = '';
  for (const [piece] of written.matchAll(/%%[^%]*|%[a-z0-9_]*|[^%]+/g)) {
    if (piece.startsWith('%%') || !piece.startsWith('%')) {
      text += plainTemplate(piece.startsWith('%%') ? piece.slice(1) : piece);
      continue;
    }
    const name = piece.slice(1);
    const variable = VARIABLES.get(name) ?? (side === 'response' ? OF_RESPONSES.get(name) : undefined);
    if (variable === undefined) return reason(name);
    if (OTHER_FORM.has(name)) different.push(`%${name} is %{${variable}}`);
    text += `%{${variable}}`;
  }
  return { text, different };
}

function reason(name: string): string {
  if (OF_RESPONSES.has(name))
    return `%${name} is known in responses only; backends get x-request-id, which is the id in the log`;
  if (name.startsWith('client_cert_'))
    return `there is no variable for %${name}; tls.clientAuth.headers: true of the tenant tells backends who the client is, in x-client-cert-*`;
  return `there is no variable for %${name}`;
}
