import { z } from 'zod';
import type { StreamTargetSettings } from '../core/settings.ts';
import { choice, text } from './leaves.ts';

const cluster = text("a cluster's name");

/** Where connections are relayed to: the name of a cluster, or that and what its instances are told. */
export const streamTarget: z.ZodType<StreamTargetSettings> = z.union(
  [
    z.strictObject({
      cluster: cluster.describe('The cluster that takes the connections.'),
      proxyProtocol: choice(['v1', 'v2'])
        .optional()
        .describe('The PROXY header in front of what the client sends. Absent: none.'),
    }),
    cluster.transform((name) => ({ cluster: name })),
  ],
  { error: "expected a cluster's name or { cluster: …, proxyProtocol: … }" },
);
