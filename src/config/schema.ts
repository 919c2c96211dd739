import { z } from 'zod';
import { acmeSchema } from './acme-schema.ts';
import { clusterSchema } from './cluster-schema.ts';
import type { ConfigFile } from './config-file.ts';
import { http2Schema } from './http2-schema.ts';
import { leaf, refuseValue } from './leaf.ts';
import {
  bindAddress,
  choice,
  duration,
  durationFrom,
  durationOrZero,
  flag,
  hostPattern,
  integer,
  ipAddress,
  networkBlock,
  readInteger,
  size,
  sizeOrNone,
  text,
} from './leaves.ts';
import {
  DEFAULT_CONDITION_BODY,
  DEFAULT_HEAD,
  DEFAULT_LINE,
  MAX_CONDITION_BODY_BYTES,
  MAX_HEAD_BYTES,
  MAX_HEADERS,
  MIN_CONDITION_BODY_BYTES,
  MIN_HEAD_BYTES,
  MIN_LINE_BYTES,
} from './limit-bounds.ts';
import { moduleList } from './modules/module-list.ts';
import { streamTarget } from './stream-schema.ts';
import { tenantSchema } from './tenant-schema.ts';

/**
 * The shape of the configuration file. Everything that can be said about one value alone is here; what concerns several
 * (names that must exist, hosts that must differ) is in the checks beside.
 */

/** More processes than any machine this runs on has cores: a typing error, and a fork bomb if believed. */
const MAX_WORKERS = 1024;

/** Whoever resumes a session within two rotations does not begin anew: below this few would. */
const MIN_ROTATION_MS = 60_000;

const workers = leaf(
  { type: ['string', 'integer'], pattern: '^auto$', minimum: 1, maximum: MAX_WORKERS, examples: ['auto', 2] },
  (value) => {
    if (value === 'auto') return undefined;
    if (typeof value !== 'number') return refuseValue('a number of processes or auto', value);
    return readInteger(value, 1, MAX_WORKERS);
  },
);

const proxyProtocol = z
  .strictObject({
    from: z
      .array(networkBlock.describe('A network block or a single address.'))
      .min(1)
      .describe('Load balancers: a header is required from them, and refused from everybody else.'),
  })
  .describe('The PROXY protocol, version 1 or 2: who the client of a load balancer is.');

const listener = z
  .strictObject({
    address: bindAddress.describe('":8080" is all interfaces, IPv4 and IPv6. Port 0: the system chooses.'),
    tls: flag.prefault(false).describe('true: TLS, with the certificate chosen by SNI.'),
    stream: streamTarget
      .optional()
      .describe('The cluster that every connection is relayed to, as it is; not with tls.'),
    proxyProtocol: proxyProtocol.optional(),
  })
  .transform(({ address, ...rest }) => ({ ...address, ...rest }))
  .describe('One address that clients connect to.');

const admin = z
  .union(
    [
      z.strictObject({ address: bindAddress.describe('Where it listens; keep it off public networks.') }),
      z.literal('off'),
    ],
    { error: 'expected { address: … } or off' },
  )
  .transform((value) => (value === 'off' ? undefined : value.address))
  .prefault('off')
  .describe('Health, metrics, status and reload. Absent or off: none of it.');

const log = z
  .strictObject({
    level: choice(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
      .prefault('info')
      .describe('Least important event that is still logged.'),
    access: z
      .union(
        [
          z.strictObject({ file: text('a file name').describe('Appended to; made when absent.') }),
          choice(['stdout', 'off']),
        ],
        { error: 'expected stdout, off or { file: … }' },
      )
      .prefault('stdout')
      .describe('One line per exchange: to standard output, nowhere, or to a file.'),
  })
  .prefault({})
  .describe('Logs are JSON lines.');

const timeouts = z
  .strictObject({
    clientHeader: duration.prefault('10s').describe('From the first byte of a request head to its end.'),
    clientIdle: duration.prefault('60s').describe('Between two requests of a kept connection.'),
    clientBody: duration.prefault('30s').describe('Between two reads of a request body.'),
    clientWrite: duration
      .prefault('60s')
      .describe('Between two moments in which the client took some of the response.'),
    connect: duration.prefault('2s').describe('Until the connection to a backend stands.'),
    responseHeader: duration
      .prefault('60s')
      .describe('From the last byte of the request sent to the head of the response.'),
    idle: duration
      .prefault('60s')
      .describe('Between two reads of a response body; also how long an unused backend connection is kept.'),
  })
  .prefault({})
  .describe('Each is restarted by progress in its phase; none limits a whole transfer.');

const limits = z
  .strictObject({
    head: size(MIN_HEAD_BYTES, MAX_HEAD_BYTES)
      .prefault(DEFAULT_HEAD)
      .describe('Request line and headers in all; beyond it: 431.'),
    line: size(MIN_LINE_BYTES, MAX_HEAD_BYTES)
      .prefault(DEFAULT_LINE)
      .describe('Request line (beyond it: 414) or one header line (431); at most head.'),
    headers: integer(1, MAX_HEADERS).prefault(200).describe('Header lines of one request; beyond it: 431.'),
    maxBody: sizeOrNone.prefault('none').describe('Largest request body; beyond it: 413.'),
    conditionBody: size(MIN_CONDITION_BODY_BYTES, MAX_CONDITION_BODY_BYTES)
      .prefault(DEFAULT_CONDITION_BODY)
      .describe('What is waited for of a body that a condition looks at; a larger one has no values.'),
  })
  .prefault({})
  .describe('What a client may send.');

const certificate = z
  .strictObject({
    hosts: z
      .array(hostPattern.describe('A name this certificate is served for.'))
      .min(1)
      .optional()
      .describe('Names it is served for. Absent: the names in the certificate.'),
    vips: z
      .array(ipAddress.describe('An address that clients connect to.'))
      .prefault([])
      .describe('Served on connections to these addresses when no name matches, or the client sent none.'),
    cert: text('a file name').optional().describe('PEM file: the certificate, then its chain.'),
    key: text('a file name').optional().describe('PEM file: the private key.'),
    acme: acmeSchema.optional(),
    default: flag.prefault(false).describe('Served when no name matches, or the client sent none.'),
    ocsp: text('auto, off or a file name')
      .prefault('auto')
      .describe(
        'The OCSP response that is sent along: asked for at the responder, none, or that of a DER file.',
      ),
  })
  .describe('A certificate with its key, or how to obtain one.');

const tickets = z
  .strictObject({
    rotate: durationFrom(MIN_ROTATION_MS)
      .prefault('12h')
      .describe('How often random keys are replaced; the one before is still accepted.'),
    keys: text('a file name')
      .optional()
      .describe(
        'In place of random keys: a file of 48 bytes, or of up to four times 48; the first 48 are for new tickets.',
      ),
  })
  .prefault({})
  .describe('What TLS session tickets are encrypted with.');

const includeFile = text('a file name');

const root = z
  .strictObject({
    workers: workers.prefault('auto').describe('Number of processes; auto: one per CPU.'),
    drain: durationOrZero.prefault('10s').describe('How long a stop waits for what is in flight.'),
    listen: z.array(listener).min(1).describe('The addresses clients connect to.'),
    admin,
    log,
    timeouts,
    limits,
    http2: http2Schema,
    trustedProxies: z
      .array(networkBlock.describe('A network block or a single address.'))
      .prefault([])
      .describe('Senders whose x-forwarded-* and x-request-id headers are believed.'),
    certificates: z
      .array(certificate)
      .prefault([])
      .describe('Chosen by SNI: exact name, then wildcard; then by the VIP; then the default.'),
    tickets,
    moduleTimeout: duration
      .prefault('5s')
      .describe('How long a module may take for an answer that it gives by a promise; beyond it: 503.'),
    modules: moduleList.describe('Modules for all requests, in the order in which they run.'),
    tenants: z.record(z.string(), tenantSchema).prefault({}).describe('By name: who owns which hosts.'),
    defaultTenant: text("a tenant's name")
      .optional()
      .describe('Takes the hosts that no tenant names, on no VIP of a tenant. Absent: those get 404.'),
    clusters: z.record(z.string(), clusterSchema).prefault({}).describe('By name: the services behind.'),
    include: z
      .union([includeFile, z.array(includeFile)])
      .optional()
      .describe('Further files of this same shape, relative to this one; their contents are added.'),
  })
  .meta({ title: 'Portico configuration', description: 'One file starts everything; include splits it.' });

export const fileSchema: z.ZodType<ConfigFile> = root;
