import { type HeaderList, trimBlanks } from '../../../protocols/http/header-list.ts';
import type { RespondingExchange } from '../../core/callback-points.ts';
import type { HeaderChanges as HeaderChangeSettings } from '../../core/module-settings.ts';
import type { RequestFacts } from '../../core/request-facts.ts';
import { compileTemplate, type Template, type TemplateUse } from '../../template/template.ts';

/** Changes to a header list, in this order: rename, delete, set, add. */
export class HeaderChanges {
  readonly isEmpty: boolean;
  /** No value has a variable. */
  readonly isFixed: boolean;
  readonly #renamed: ReadonlyMap<string, string>;
  /** What is deleted, or set and so taken out before. */
  readonly #dropped: ReadonlySet<string>;
  readonly #appended: readonly (readonly [name: string, value: Template])[];

  constructor(settings: HeaderChangeSettings, use: TemplateUse) {
    const { rename, set, add } = settings;
    this.#renamed = new Map(rename);
    this.#dropped = new Set([...settings.delete, ...set.map(([name]) => name)]);
    this.#appended = [...set, ...add].map(([name, text]) => [name, compileTemplate(text, use)]);
    this.isEmpty = rename.length + this.#dropped.size + this.#appended.length === 0;
    this.isFixed = this.#appended.every(([, value]) => value.isFixed);
  }

  /** Fixed ones need only the headers. */
  apply(headers: HeaderList, request?: RequestFacts, exchange?: RespondingExchange): HeaderList {
    const changed: string[] = [];
    for (let i = 0; i < headers.length; i += 2) {
      const name = this.#renamed.get(headers[i]!) ?? headers[i]!;
      if (!this.#dropped.has(name)) changed.push(name, headers[i + 1]!);
    }
    for (const [name, template] of this.#appended) {
      // HTTP/2 takes no blanks at the ends (RFC 9113, section 8.2.1), and a variable that is empty may have left one there.
      const value = trimBlanks(template.text(request, exchange));
      if (value === '' && !template.isFixed) continue;
      // A part of a value may mean another thing than the whole; so none of it.
      if (value.length <= MAX_VALUE_CHARACTERS) changed.push(name, value);
    }
    return changed;
  }
}

/** Clients choose what stands for variables: a few long ones must not make a head that no backend takes. */
export const MAX_VALUE_CHARACTERS = 8192;
