import { z } from 'zod';
import type { MirrorSettings } from '../core/settings.ts';
import { leaf, refuseValue } from './leaf.ts';
import { size, text } from './leaves.ts';
import { DEFAULT_MIRROR_BODY, MAX_MIRROR_BODY_BYTES } from './limit-bounds.ts';

const percent = leaf({ type: ['number'], minimum: 0, maximum: 100, examples: [10] }, (value) => {
  if (typeof value === 'number' && value >= 0 && value <= 100) return value;
  const sign = typeof value === 'string' && value.endsWith('%');
  return refuseValue(
    'a number from 0 to 100',
    value,
    sign ? `write ${Number.parseFloat(value)} without the sign` : undefined,
  );
});

export const mirrorSchema: z.ZodType<MirrorSettings> = z
  .strictObject({
    cluster: text("a cluster's name").describe('The cluster that gets the copies.'),
    percent: percent.prefault(100).describe('How many of the requests are copied.'),
    maxBody: size(0, MAX_MIRROR_BODY_BYTES)
      .prefault(DEFAULT_MIRROR_BODY)
      .describe('Requests with larger bodies are not copied.'),
  })
  .transform(({ maxBody, ...rest }) => ({ ...rest, maxBodyBytes: maxBody }))
  .describe('Copies requests to a second cluster, whose answers nobody gets.');
