import { z } from 'zod';
import { respondSchema } from '../answer-schema.ts';
import type { ModuleEntry } from '../config-file.ts';
import { conditionText, text } from '../leaves.ts';
import { blockSchema } from './block-schema.ts';
import { headersSchema } from './headers-schema.ts';
import { redirectSchema } from './redirect-schema.ts';
import { rewriteSchema } from './rewrite-schema.ts';
import { tagSchema } from './tag-schema.ts';

const entry: z.ZodType<ModuleEntry> = z
  .strictObject({
    when: conditionText
      .optional()
      .describe('A condition; the module is there only for requests for which it holds. Absent: for all.'),
    headers: headersSchema.optional(),
    block: blockSchema.optional(),
    redirect: redirectSchema.optional(),
    rewrite: rewriteSchema.optional(),
    respond: respondSchema.optional(),
    tag: tagSchema.optional(),
    use: text('a file or a package')
      .optional()
      .describe('A module of your own: a file, relative to this one, or the name of a package.'),
    with: z.record(z.string(), z.unknown()).optional().describe('Settings for the module that use names.'),
  })
  .describe('One module with its settings, and the condition under which it runs.');

/** Each may be asked for every request. */
const MAX_MODULES = 32;

/** Modules in the order in which they run. */
export const moduleList = z.array(entry).max(MAX_MODULES).prefault([]);
