import { authorityHost } from '../../protocols/http/authority.ts';
import { type ExplainedRequest, serverNameOf } from './explained-request.ts';

/** The command line that explains a request, fit to be given to a shell. */
export function explainCommand(request: ExplainedRequest): string {
  const { scheme, method, authority, path, headers, serverName, clientIp, vip, body, at } = request;
  const words = ['portico', 'explain', `${scheme}://${authority}${path}`];
  if (method !== (body === undefined ? 'GET' : 'POST')) words.push('--method', method);
  for (const [name, value] of headers) {
    // That of a body is added.
    if (body === undefined || `${name}: ${value}` !== 'content-type: application/json')
      words.push('--header', `${name}: ${value}`);
  }
  if (scheme === 'https' && serverName !== serverNameOf(authorityHost(authority)))
    words.push('--sni', serverName);
  if (clientIp !== undefined) words.push('--client-ip', clientIp);
  if (vip !== undefined) words.push('--vip', vip);
  if (body !== undefined) words.push('--data', body);
  if (at !== undefined) words.push('--at', new Date(at).toISOString());
  return words.map(quoted).join(' ');
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
