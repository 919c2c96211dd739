import { z } from 'zod';
import type { HashOnSettings } from '../core/settings.ts';
import { leaf, refuseValue } from './leaf.ts';
import { text } from './leaves.ts';
import { didYouMean } from './nearest-name.ts';

const FORMS = 'address, uri, header:NAME, cookie:NAME or query:NAME';
const NAMED = ['header', 'cookie', 'query'] as const;

/** `address`, `cookie:uid`. */
const word = leaf<HashOnSettings>(
  {
    type: 'string',
    pattern: '^(address|uri|(header|cookie|query):.+)$',
    examples: ['address', 'cookie:uid'],
  },
  (value) => {
    if (value === 'address' || value === 'uri') return { kind: value };
    const written = typeof value === 'string' ? value : '';
    const colon = written.indexOf(':');
    const kind = NAMED.find((candidate) => candidate === written.slice(0, Math.max(0, colon)));
    if (kind !== undefined && colon + 1 < written.length) return named(kind, written.slice(colon + 1));
    return refuseValue(FORMS, value, didYouMean(written, ['address', 'uri']));
  },
);

/** What of a request is a key: of a cluster that hashes, of a split. */
export const hashOnSchema: z.ZodType<HashOnSettings> = z.union(
  [
    word,
    z
      .strictObject({
        header: text('the name of a header').describe('Its value, the first if there are several.'),
      })
      .transform(({ header }) => named('header', header)),
    z
      .strictObject({ cookie: text('the name of a cookie').describe('Its value, the first one, as sent.') })
      .transform(({ cookie }) => named('cookie', cookie)),
    z
      .strictObject({
        query: text('the name of a query parameter').describe('Its value, the first one, as sent.'),
      })
      .transform(({ query }) => named('query', query)),
  ],
  { error: `expected ${FORMS}` },
);

function named(kind: (typeof NAMED)[number], name: string): HashOnSettings {
  return { kind, name: kind === 'header' ? name.toLowerCase() : name };
}
