import type { Module } from '../../core/callback-points.ts';
import type { TagSettings } from '../../core/module-settings.ts';
import { compileTemplate } from '../../template/template.ts';

/** Marks requests, for the access log, for values of other modules (`%{tag:NAME}`) and for their conditions (`req_tag_match`). */
export function createTag({ tags }: TagSettings): Omit<Module, 'name'> {
  const templates = tags.map(([name, text]) => [name, compileTemplate(text, 'request')] as const);
  return {
    tag: (request) =>
      templates.flatMap(([name, template]) => {
        const value = template.text(request);
        return value === '' ? [] : [name, value.slice(0, MAX_TAG_CHARACTERS)];
      }),
  };
}

/** Clients may choose what is tagged, and each line of the log has all tags. */
const MAX_TAG_CHARACTERS = 256;
