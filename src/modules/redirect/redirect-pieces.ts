import type { RedirectTarget } from '../../core/module-settings.ts';
import type { RequestFacts } from '../../core/request-facts.ts';
import { compileTemplate, type Template } from '../../template/template.ts';
import { pathText, uriText } from '../../template/uri-text.ts';
import { isRedirectHost } from './redirect-host.ts';

/** The URL of a request with some of its pieces replaced. */
export function redirectPieces(
  pieces: Extract<RedirectTarget, { kind: 'pieces' }>,
): (request: RequestFacts) => string | undefined {
  const host = optional(pieces.host);
  const path = optional(pieces.path);
  const query = optional(pieces.query);
  return (request) => {
    const scheme = pieces.scheme ?? request.scheme;
    const { authority, path: uri } = request.head;
    if (authority === '' && host === undefined) return undefined;
    const question = uri.indexOf('?');
    const [ownPath, ownQuery] = question < 0 ? [uri, ''] : [uri.slice(0, question), uri.slice(question + 1)];
    const isElsewhere = scheme !== request.scheme || host !== undefined;
    const name = host === undefined ? hostOf(authority) : host.text(request);
    const port = pieces.port === undefined ? '' : `:${pieces.port}`;
    const there = isElsewhere || pieces.port !== undefined ? `${name}${port}` : authority;
    // A client may have chosen what stands for a variable: nobody is sent to what is no host.
    if (!isRedirectHost(there)) return undefined;
    const newPath = path === undefined ? ownPath : pathText(path.text(request));
    const newQuery = query === undefined ? ownQuery : uriText(query.text(request)).replaceAll('#', '%23');
    return `${scheme}://${there}${newPath}${newQuery === '' ? '' : `?${newQuery}`}`;
  };
}

function optional(text: string | undefined): Template | undefined {
  return text === undefined ? undefined : compileTemplate(text, 'request');
}

/** As sent, without port; an IPv6 address keeps its brackets. */
function hostOf(authority: string): string {
  const colon = authority.indexOf(':', authority.indexOf(']') + 1);
  return colon < 0 ? authority : authority.slice(0, colon);
}
