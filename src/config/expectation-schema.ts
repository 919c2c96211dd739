import { z } from 'zod';
import { readInstant } from '../core/instant.ts';
import { type RequestText, readRequestText } from '../core/request-text.ts';
import type { ExpectationEntry } from './config-file.ts';
import { leaf, refuse, refuseValue } from './leaf.ts';
import { choice, integer, ipAddress, plainHost, text } from './leaves.ts';
import { readHeaderValue, readRedirectTarget } from './response-forms.ts';

const REQUEST = 'a request such as "GET /cart" or "GET https://shop.example.org/cart"';

const request: z.ZodType<RequestText> = leaf(
  { type: 'string', examples: ['GET /cart', 'POST https://shop.example.org/cart?item=1'] },
  (value) => {
    if (typeof value !== 'string' || value.trim() === '') return refuseValue(REQUEST, value);
    const read = readRequestText(value);
    return typeof read === 'string' ? refuse(read, `write ${REQUEST}`) : read;
  },
);

const MOMENT = 'a time with its zone, such as "2026-12-24T18:00:00Z"';

const instant: z.ZodType<number> = leaf({ type: 'string', examples: ['2026-12-24T18:00:00Z'] }, (value) => {
  const read = typeof value === 'string' ? readInstant(value) : undefined;
  return read ?? refuseValue(MOMENT, value);
});

/** The errors that a request can get before anybody is asked. */
const ROUTING_ERRORS = ['no-route', 'no-tenant', 'misdirected-request'] as const;

export const expectationSchema: z.ZodType<ExpectationEntry> = z
  .strictObject({
    request: request.describe('A method and a path or URL. A path alone is asked of `host`.'),
    host: plainHost.optional().describe("Absent: the first of the tenant's hosts that is no wildcard."),
    headers: z
      .record(z.string(), leaf({ type: 'string' }, readHeaderValue).describe('A header value.'))
      .prefault({})
      .describe('Header fields of the request.'),
    body: text('a body').optional().describe('Its body; JSON, unless a header says otherwise.'),
    client: ipAddress.optional().describe('The address of the client. Absent: no condition on it holds.'),
    vip: ipAddress.optional().describe('The address that the client has connected to.'),
    sni: plainHost.optional().describe('The name that it asks for in the TLS handshake. Absent: the host.'),
    at: instant.optional().describe('When. Needed where a condition asks for the time.'),
    cluster: text("a cluster's name").optional().describe('The cluster that answers.'),
    handler: text("a handler's name").optional().describe('The handler that answers.'),
    route: text('a route as the access log calls it, such as "/api/*"')
      .optional()
      .describe('The route, as the access log calls it: /api/*, /api/* when #2, default.'),
    redirect: leaf({ type: 'string', examples: ['https://shop.example.org/'] }, readRedirectTarget)
      .optional()
      .describe('Where it is redirected to.'),
    status: integer(200, 599).optional().describe('Status of an answer that comes from no cluster.'),
    error: choice(ROUTING_ERRORS).optional().describe('Why it is answered with an error.'),
  })
  .describe('A request, and what must become of it: at least one of cluster, handler, route, redirect …');
