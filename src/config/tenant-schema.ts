import { z } from 'zod';
import { redirectStatus, respondSchema } from './answer-schema.ts';
import type { TenantEntry } from './config-file.ts';
import { expectationSchema } from './expectation-schema.ts';
import { hashOnSchema } from './hash-on-schema.ts';
import { leaf } from './leaf.ts';
import { conditionText, flag, hostPattern, ipAddress, pathPattern, text } from './leaves.ts';
import { mirrorSchema } from './mirror-schema.ts';
import { moduleList } from './modules/module-list.ts';
import { readRedirectTarget } from './response-forms.ts';
import { splitSchema } from './split-schema.ts';
import { streamTarget } from './stream-schema.ts';
import { tenantTlsSchema } from './tenant-tls-schema.ts';

const redirect = z
  .strictObject({
    to: leaf({ type: 'string', examples: ['https://shop.example.org/'] }, readRedirectTarget).describe(
      'Where to: an http or https URL, or a path on the same host.',
    ),
    status: redirectStatus,
  })
  .describe('Answers with a redirect.');

const route = z
  .strictObject({
    path: pathPattern
      .optional()
      .describe('/cart is exactly this path, /api/* everything on or below /api. Absent: every path.'),
    host: hostPattern
      .optional()
      .describe("One of the tenant's hosts, or a name below one of its wildcards. Absent: all of them."),
    when: conditionText
      .optional()
      .describe('A condition that must hold too: req_method_in("POST") && … (docs/conditions.md).'),
    cluster: text("a cluster's name").optional().describe('The cluster that answers.'),
    split: splitSchema.optional(),
    splitOn: hashOnSchema
      .optional()
      .describe(
        'With split: requests that are equal in it go to the same cluster. Absent: each is dealt by itself.',
      ),
    handler: text("a handler's name")
      .optional()
      .describe('The handler that answers, of a program that embeds Portico.'),
    redirect: redirect.optional(),
    respond: respondSchema.optional(),
    mirror: mirrorSchema.optional(),
    modules: moduleList.describe('Modules of this route, behind those of its tenant.'),
  })
  .describe('Which requests, and what becomes of them: one of cluster, split, handler, redirect, respond.');

export const tenantSchema: z.ZodType<TenantEntry> = z
  .strictObject({
    hosts: z
      .array(hostPattern.describe('An exact name, or *. and a suffix (any depth).'))
      .min(1)
      .describe('The names this tenant owns; no other tenant may have them.'),
    vips: z
      .array(ipAddress.describe('An address that clients connect to.'))
      .prefault([])
      .describe('Connections to these addresses are its own, for hosts that no tenant names.'),
    isolate: flag
      .prefault(false)
      .describe('true: what is wrong with this tenant costs itself (503 for its hosts) and nothing else.'),
    tls: tenantTlsSchema,
    stream: streamTarget
      .optional()
      .describe('The cluster that streams are relayed to; needed where tls.protocols has stream.'),
    modules: moduleList.describe('Modules for all routes of this tenant, behind those of the server.'),
    routes: z
      .array(route)
      .min(1)
      .optional()
      .describe(
        'The most specific host and path wins, whatever the order; conditions are asked in order. Needed where HTTP is spoken.',
      ),
    expect: z
      .array(expectationSchema)
      .prefault([])
      .describe('Requests, and what must become of them: a configuration that decides otherwise is refused.'),
  })
  .describe('The owner of some hosts.');
