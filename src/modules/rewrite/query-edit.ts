import type { QueryChanges } from '../../core/module-settings.ts';
import type { RequestFacts } from '../../core/request-facts.ts';
import { compileTemplate, type Template } from '../../template/template.ts';
import { parameterText } from '../../template/uri-text.ts';

/** Changes to a query, in this order: keep, delete, rename, add. What is not named stays as it was sent, in its place. */
export class QueryEdit {
  readonly isEmpty: boolean;
  readonly #kept: ReadonlySet<string> | undefined;
  readonly #deleted: ReadonlySet<string>;
  readonly #renamed: ReadonlyMap<string, string>;
  readonly #added: readonly (readonly [name: string, value: Template])[];

  constructor({ keep, delete: deleted, rename, add }: QueryChanges) {
    this.isEmpty = keep === undefined && deleted.length + rename.length + add.length === 0;
    this.#kept = keep && new Set(keep);
    this.#deleted = new Set(deleted);
    this.#renamed = new Map(rename.map(([from, to]) => [from, encodeURIComponent(to)]));
    this.#added = add.map(([name, text]) => [encodeURIComponent(name), compileTemplate(text, 'request')]);
  }

  /** `query`: as sent, without `?`. */
  apply(query: string, request: RequestFacts): string {
    const pairs: string[] = [];
    for (const pair of query === '' ? [] : query.split('&')) {
      const equals = pair.indexOf('=');
      const name = decodedName(equals < 0 ? pair : pair.slice(0, equals));
      if (this.#kept?.has(name) === false || this.#deleted.has(name)) continue;
      const renamed = this.#renamed.get(name);
      pairs.push(renamed === undefined ? pair : renamed + (equals < 0 ? '' : pair.slice(equals)));
    }
    for (const [name, value] of this.#added) pairs.push(`${name}=${parameterText(value.text(request))}`);
    return pairs.join('&');
  }
}

/** What a backend will take the name for, so that no spelling slips past; one that cannot be decoded is itself. */
function decodedName(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '));
  } catch {
    return name;
  }
}
