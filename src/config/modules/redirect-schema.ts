import { z } from 'zod';
import { redirectStatus } from '../answer-schema.ts';
import type { RedirectEntry } from '../config-file.ts';
import { choice, integer } from '../leaves.ts';
import { hostTemplate, pathTemplate, queryTemplate, urlTemplate } from './template-leaf.ts';

export const redirectSchema: z.ZodType<RedirectEntry> = z
  .strictObject({
    to: urlTemplate
      .optional()
      .describe('Where to, with variables: an http or https URL, or a path on the same host.'),
    scheme: choice(['http', 'https']).optional().describe('In place of to: another scheme.'),
    host: hostTemplate('without port').optional().describe('In place of to: another host, with variables.'),
    port: integer(1, 65_535)
      .optional()
      .describe('In place of to: another port. Absent, and with another scheme or host: that of the scheme.'),
    path: pathTemplate.optional().describe('In place of to: another path, with variables.'),
    query: queryTemplate.optional().describe('In place of to: another query, with variables; "" for none.'),
    status: redirectStatus,
  })
  .describe('Sends clients elsewhere, unless they are there already.');
