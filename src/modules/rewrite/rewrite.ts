import { isValidAuthority } from '../../../protocols/http/authority.ts';
import type { Module } from '../../core/callback-points.ts';
import type { RewriteSettings } from '../../core/module-settings.ts';
import type { RequestFacts, RequestTarget } from '../../core/request-facts.ts';
import { compileTemplate } from '../../template/template.ts';
import { PathEdit } from './path-edit.ts';
import { QueryEdit } from './query-edit.ts';

/** Gives the backend another host, path or query than the client has asked for. Routes have been chosen before. */
export function createRewrite(settings: RewriteSettings): Omit<Module, 'name'> {
  const host = settings.host === undefined ? undefined : compileTemplate(settings.host, 'request');
  const path = new PathEdit(settings);
  const query = new QueryEdit(settings.query);
  const uriOf = (uri: string, request: RequestFacts): string => {
    const question = uri.indexOf('?');
    const sentPath = question < 0 ? uri : uri.slice(0, question);
    const newPath = path.isEmpty ? sentPath : path.apply(sentPath, request);
    if (query.isEmpty) return question < 0 ? newPath : newPath + uri.slice(question);
    const newQuery = query.apply(question < 0 ? '' : uri.slice(question + 1), request);
    return newQuery === '' ? newPath : `${newPath}?${newQuery}`;
  };
  return {
    rewriteTarget(request, { authority, path: uri }): RequestTarget {
      const newHost = host?.text(request);
      return {
        // A client may have chosen what stands for a variable: what is no host is not sent as one.
        authority: newHost !== undefined && isValidAuthority(newHost) ? newHost : authority,
        path: uriOf(uri, request),
      };
    },
  };
}
