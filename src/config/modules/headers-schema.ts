import { z } from 'zod';
import type { TemplateUse } from '../../template/template.ts';
import type { HeadersEntry } from '../config-file.ts';
import { text } from '../leaves.ts';
import { headerTemplate } from './template-leaf.ts';

function changes(use: TemplateUse) {
  return z.strictObject({
    rename: z
      .record(z.string(), text('a header name').describe('The new name.'))
      .prefault({})
      .describe('Old name to new name; before all else.'),
    delete: z
      .array(text('a header name').describe('Every field of this name.'))
      .prefault([])
      .describe('Names of fields that do not go on.'),
    set: z
      .record(z.string(), headerTemplate(use).describe('A value, with variables.'))
      .prefault({})
      .describe('In place of whatever fields of that name there are.'),
    add: z
      .record(z.string(), headerTemplate(use).describe('A value, with variables.'))
      .prefault({})
      .describe('Behind the fields of that name that there are.'),
  });
}

export const headersSchema: z.ZodType<HeadersEntry> = z
  .strictObject({
    request: changes('request').prefault({}).describe('On the way to the backend.'),
    response: changes('response').prefault({}).describe('On the way to the client, answers of our own too.'),
  })
  .describe('Changes header fields.');
