import { CONTINUE, type Module } from '../../core/callback-points.ts';
import type { RedirectSettings } from '../../core/module-settings.ts';
import type { RequestFacts } from '../../core/request-facts.ts';
import { compileTemplate } from '../../template/template.ts';
import { uriText } from '../../template/uri-text.ts';
import { isRedirectHost } from './redirect-host.ts';
import { redirectPieces } from './redirect-pieces.ts';

/**
 * Sends clients elsewhere. A request that is there already goes on: sending it where it comes from would never end, and so
 * `scheme: https` needs no condition.
 */
export function createRedirect({ to, status }: RedirectSettings): Omit<Module, 'name'> {
  const targetOf = to.kind === 'url' ? urlTarget(to.url) : redirectPieces(to);
  return {
    decide(request) {
      const url = targetOf(request);
      return url === undefined || url === ownUrl(request) ? CONTINUE : { kind: 'redirect', url, status };
    },
  };
}

/** Undefined: the request has no host (HTTP/1.0), and the target none of its own, or what variables have made of it is none. */
type TargetOf = (request: RequestFacts) => string | undefined;

function urlTarget(url: string): TargetOf {
  const template = compileTemplate(url, 'request');
  return (request) => {
    const made = uriText(template.text(request));
    // What begins with two slashes names a host, which the client would have chosen by its path.
    if (!made.startsWith('/')) return isRedirectHost(hostIn(made)) ? made : undefined;
    const { authority } = request.head;
    return authority === '' ? undefined : `${request.scheme}://${authority}${made}`;
  };
}

/** Host and port of an absolute URL. */
function hostIn(url: string): string {
  const start = url.indexOf('//') + 2;
  const [authority = ''] = url.slice(start).split(/[/?#]/, 1);
  return authority;
}

function ownUrl({ scheme, head }: RequestFacts): string {
  return `${scheme}://${head.authority}${head.path}`;
}
