import { authorityHost } from '../../protocols/http/authority.ts';
import { cleanPath } from './clean-path.ts';
import type { Handler, HandlerObject } from './handler.ts';
import { type Pattern, parsePattern } from './pattern.ts';
import { commonPath, conflicts } from './pattern-relation.ts';
import { type PatternMatch, PatternTree } from './pattern-tree.ts';
import { serveWith } from './serve-with.ts';
import type { ServedRequest } from './served-request.ts';
import type { ServedResponse } from './served-response.ts';

/**
 * Handlers by pattern, as Go's `net/http` has them since 1.22: `GET /items/{id}`, `/files/{path...}`, `api.example.org/`, `/exact/{$}`.
 * The most specific pattern wins, whatever the order of registration; two of which neither is more specific are refused.
 *
 * A path that is not clean is redirected to the clean one, and one that misses only the slash of a subtree to that. A path that
 * has handlers, but none for the method, is answered 405 with Allow; others 404.
 */
export class ServeMux implements HandlerObject {
  readonly #tree = new PatternTree<Handler>();
  readonly #patterns: Pattern[] = [];

  /** Throws a PatternError, or an Error when the pattern conflicts with another one. */
  handle(pattern: string, handler: Handler): this {
    const parsed = parsePattern(pattern);
    const other = this.#patterns.find((known) => conflicts(parsed, known));
    if (other !== undefined) {
      const shown = [parsed, other].map(({ text }) => JSON.stringify(text)).join(' and ');
      throw new Error(
        `the patterns ${shown} conflict: both match ${commonPath(parsed, other)}, and neither is more specific`,
      );
    }
    this.#patterns.push(parsed);
    this.#tree.add(parsed, handler);
    return this;
  }

  /** The handler for a request and its pattern; undefined: it would be answered 404, 405 or with a redirect. */
  handlerFor(
    method: string,
    host: string,
    path: string,
  ): { readonly handler: Handler; readonly pattern: string } | undefined {
    const found = this.#find(method, host, path);
    return found.kind === 'match'
      ? { handler: found.match.value, pattern: found.match.pattern.text }
      : undefined;
  }

  serve(request: ServedRequest, response: ServedResponse): void | Promise<void> {
    const question = request.path.indexOf('?');
    const path = question < 0 ? request.path : request.path.slice(0, question);
    const found = this.#find(request.method, authorityHost(request.authority), path);
    switch (found.kind) {
      case 'match':
        request.matched(found.match.pattern, found.match.values);
        return serveWith(found.match.value, request, response);
      case 'redirect':
        response.redirect(question < 0 ? found.path : found.path + request.path.slice(question), 301);
        return;
      case 'method':
        response.setHeader('allow', found.allowed.join(', '));
        response.answer(405, 'Method Not Allowed\n');
        return;
      case 'none':
        response.answer(404, 'Not Found\n');
    }
  }

  #find(method: string, host: string, path: string): Found {
    // What CONNECT asks for is no path that could be cleaned.
    const clean = method === 'CONNECT' ? path : cleanPath(path);
    const match = this.#tree.match(host, method, clean);
    if (!clean.endsWith('/') && !isExact(match, clean)) {
      const below = `${clean}/`;
      if (isExact(this.#tree.match(host, method, below), below)) return { kind: 'redirect', path: below };
    }
    if (clean !== path) return { kind: 'redirect', path: clean };
    if (match !== undefined) return { kind: 'match', match };
    const allowed = this.#allowedMethods(host, path);
    return allowed.length > 0 ? { kind: 'method', allowed } : { kind: 'none' };
  }

  /** Those that would be answered, be it by a redirect to the subtree; sorted. */
  #allowedMethods(host: string, path: string): string[] {
    const allowed = new Set(this.#tree.allowedMethods(host, path));
    if (!path.endsWith('/'))
      for (const method of this.#tree.allowedMethods(host, `${path}/`)) allowed.add(method);
    return [...allowed].sort();
  }
}

type Found =
  | { readonly kind: 'match'; readonly match: PatternMatch<Handler> }
  | { readonly kind: 'redirect'; readonly path: string }
  | { readonly kind: 'method'; readonly allowed: readonly string[] }
  | { readonly kind: 'none' };

/** Whether a match leaves nothing to a subtree: `/a/` matches `/a/` exactly, and `/a/b` not. */
function isExact(match: PatternMatch<Handler> | undefined, path: string): boolean {
  if (match === undefined) return false;
  const { segments } = match.pattern;
  if (segments.at(-1)!.kind !== 'rest') return true;
  return path.endsWith('/') && segments.length === path.split('/').length - 1;
}
