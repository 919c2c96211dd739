import type { RewriteSettings } from '../../core/module-settings.ts';
import type { RequestFacts } from '../../core/request-facts.ts';
import { routingPath } from '../../route/routing-path.ts';
import { compileReplacement, type PatternReplacement } from '../../template/pattern-replacement.ts';
import { compileTemplate, type Template } from '../../template/template.ts';
import { pathText } from '../../template/uri-text.ts';

/** Changes to a path, in this order: path, trimPrefix, replace, addPrefix. */
export class PathEdit {
  readonly isEmpty: boolean;
  readonly #path: Template | undefined;
  readonly #trimmed: string | undefined;
  readonly #replacement: PatternReplacement | undefined;
  readonly #prefix: string;

  constructor({ path, trimPrefix, replace, addPrefix }: RewriteSettings) {
    this.isEmpty = [path, trimPrefix, replace, addPrefix].every((change) => change === undefined);
    this.#path = path === undefined ? undefined : compileTemplate(path, 'request');
    this.#trimmed = trimPrefix;
    this.#replacement = replace && compileReplacement(replace.pattern, replace.with);
    this.#prefix = addPrefix ?? '';
  }

  /** `path`: as sent, without query. */
  apply(path: string, request: RequestFacts): string {
    const before = this.#path === undefined ? path : pathText(this.#path.text(request));
    // What looks at the path sees it as routes do: `/%61pi` must not slip past a rule for `/api`.
    const compared = routingPath(before);
    const edited = this.#replaced(this.#trim(compared));
    return this.#prefix + (edited === compared ? before : edited);
  }

  #trim(path: string): string {
    const prefix = this.#trimmed;
    if (prefix === undefined || !path.startsWith(prefix)) return path;
    if (path.length === prefix.length) return '/';
    return path[prefix.length] === '/' ? path.slice(prefix.length) : path;
  }

  #replaced(path: string): string {
    const made = this.#replacement?.replace(path) ?? path;
    if (made === path) return path;
    return pathText(made.startsWith('/') ? made : `/${made}`);
  }
}
