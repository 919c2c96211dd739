import { z } from 'zod';
import type { SplitEntry } from './config-file.ts';
import { integer, text } from './leaves.ts';

/** As of instances: a larger ratio than 1:1000 is a mistake in practice. */
const MAX_WEIGHT = 1000;

/** More is no canary and no blue and green, but a second balancer. */
const MAX_SHARES = 8;

/** That somebody has a weight and each cluster stands there once is checked apart from the schema. */
export const splitSchema: z.ZodType<SplitEntry> = z
  .array(
    z
      .strictObject({
        cluster: text("a cluster's name").describe('The cluster that answers this share.'),
        weight: integer(0, MAX_WEIGHT).describe(
          'Its share of the requests, relative to the others; 0: none for now.',
        ),
      })
      .describe('A cluster and its weight.'),
  )
  .min(1)
  .max(MAX_SHARES)
  .describe('Clusters that share the requests, in place of cluster: canary, blue and green.');
