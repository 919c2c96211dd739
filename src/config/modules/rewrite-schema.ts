import { z } from 'zod';
import type { RewriteEntry } from '../config-file.ts';
import { leaf, refuseValue } from '../leaf.ts';
import { text } from '../leaves.ts';
import { hostTemplate, pathTemplate, textTemplate } from './template-leaf.ts';

/** `/a/b`: whole segments. */
const prefix = leaf({ type: 'string', pattern: '^/', examples: ['/api'] }, (value) => {
  const isPrefix =
    typeof value === 'string' && /^(?:\/[\x21-\x7e]+)+$/.test(value) && !/[?#*]|\/$|\/\//.test(value);
  return isPrefix ? value : refuseValue('whole segments of a path, such as /api', value);
});

const anyText = leaf({ type: 'string' }, (value) =>
  typeof value === 'string' && /^[\x21-\x7e]*$/.test(value)
    ? value
    : refuseValue('visible ASCII text', value),
);

const parameter = text("a parameter's name");

export const rewriteSchema: z.ZodType<RewriteEntry> = z
  .strictObject({
    host: hostTemplate('with port').optional().describe('Another host for the backend, with variables.'),
    path: pathTemplate.optional().describe('Another path, with variables.'),
    trimPrefix: prefix.optional().describe('Whole segments to take away from the front of the path.'),
    replace: z
      .strictObject({
        pattern: text('a regular expression').describe(
          "A regular expression in RE2's syntax, looked for in the path.",
        ),
        with: anyText.describe('In place of what was found; $1 … $9 are its groups, $0 all of it.'),
      })
      .optional()
      .describe('Replaces the first match in the path.'),
    addPrefix: prefix.optional().describe('Segments to put in front of the path.'),
    query: z
      .strictObject({
        keep: z
          .array(parameter.describe('A parameter.'))
          .optional()
          .describe('The only ones that stay. Absent: all.'),
        delete: z.array(parameter.describe('A parameter.')).prefault([]).describe('Those that go.'),
        rename: z
          .record(z.string(), parameter.describe('The new name.'))
          .prefault({})
          .describe('Old name to new name.'),
        add: z
          .record(z.string(), textTemplate.describe('A value, with variables.'))
          .prefault({})
          .describe('Put behind the others.'),
      })
      .prefault({})
      .describe('Changes parameters of the query.'),
  })
  .describe(
    'Gives the backend another host, path or query. Routes are chosen by what the client has asked for.',
  );
