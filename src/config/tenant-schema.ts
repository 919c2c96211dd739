import { z } from 'zod';
import type { TenantEntry } from './config-file.ts';
import { leaf, refuseValue } from './leaf.ts';
import { conditionText, flag, hostPattern, integer, ipAddress, oneOf, pathPattern, text } from './leaves.ts';
import { moduleList } from './modules/module-list.ts';
import { readHeaderValue, readRedirectTarget } from './response-forms.ts';
import { streamTarget } from './stream-schema.ts';
import { tenantTlsSchema } from './tenant-tls-schema.ts';

const REDIRECT_STATUSES = [301, 302, 303, 307, 308] as const;

const redirectStatus = leaf({ type: 'integer', enum: REDIRECT_STATUSES }, (value) => {
  const status = REDIRECT_STATUSES.find((candidate) => candidate === value);
  return status ?? refuseValue(oneOf(REDIRECT_STATUSES), value);
});

const redirect = z
  .strictObject({
    to: leaf({ type: 'string', examples: ['https://shop.example.org/'] }, readRedirectTarget).describe(
      'Where to: an http or https URL, or a path on the same host.',
    ),
    status: redirectStatus
      .prefault(302)
      .describe('301 and 308 are remembered by browsers; 302, 303 and 307 are not.'),
  })
  .describe('Answers with a redirect.');

const respond = z
  .strictObject({
    status: integer(200, 599).describe('Status of the answer.'),
    body: leaf({ type: 'string' }, (value) =>
      typeof value === 'string' ? value : refuseValue('text', value, 'put it in quotes'),
    )
      .prefault('')
      .describe('Text of the answer; text/plain unless a header says otherwise.'),
    headers: z
      .record(z.string(), leaf({ type: 'string' }, readHeaderValue).describe('A header value.'))
      .prefault({})
      .describe('Header fields of the answer.'),
  })
  .describe('Answers with a fixed text.');

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
    handler: text("a handler's name")
      .optional()
      .describe('The handler that answers, of a program that embeds Portico.'),
    redirect: redirect.optional(),
    respond: respond.optional(),
    modules: moduleList.describe('Modules of this route, behind those of its tenant.'),
  })
  .describe('Which requests, and what becomes of them: one of cluster, handler, redirect, respond.');

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
  })
  .describe('The owner of some hosts.');
