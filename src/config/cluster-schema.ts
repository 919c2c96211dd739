import { z } from 'zod';
import type { StatusRange } from '../core/status-ranges.ts';
import type { ClusterEntry } from './config-file.ts';
import { hashOnSchema } from './hash-on-schema.ts';
import { leaf, refuseValue } from './leaf.ts';
import {
  choice,
  duration,
  flag,
  integer,
  oneOf,
  plainHost,
  probePath,
  sizeOrNone,
  targetAddress,
  text,
  tlsVersion,
} from './leaves.ts';
import { didYouMean } from './nearest-name.ts';
import { stickySchema } from './sticky-schema.ts';

/** More attempts than this only multiply the load on what is already failing. */
const MAX_ATTEMPTS = 10;
/** The smooth weighted choice is exact up to here; a larger ratio than 1:1000 is a mistake in practice. */
const MAX_WEIGHT = 1000;

const instance = z
  .strictObject({
    address: targetAddress.describe('Where the backend listens: host and port.'),
    weight: integer(1, MAX_WEIGHT)
      .prefault(1)
      .describe('Share of the requests, relative to the other instances of the cluster.'),
  })
  .transform(({ address, weight }) => ({ ...address, weight }))
  .describe('One backend.');

const timeouts = z
  .strictObject({
    connect: duration.optional().describe('Until the connection to an instance stands.'),
    responseHeader: duration
      .optional()
      .describe('From the last byte of the request sent to the head of the response.'),
    total: duration
      .optional()
      .describe(
        'From the head of the request to the head of the response, with all attempts and waits. Absent: no bound.',
      ),
    idle: duration
      .optional()
      .describe('Between two reads of a response body; also how long an unused connection is kept.'),
    clientBody: duration
      .optional()
      .describe('Between two reads of a request body, for requests to this cluster.'),
    clientWrite: duration
      .optional()
      .describe('Between two moments in which the client took some of the response, for this cluster.'),
  })
  .prefault({})
  .describe('What differs from the timeouts at the top of the file.');

const RETRY_REASONS = ['connect-failure', 'connection-lost', 'timeout'] as const;

const retryReason = leaf({ enum: RETRY_REASONS, type: ['string', 'integer'] }, (value) => {
  const reason = RETRY_REASONS.find((candidate) => candidate === value);
  if (reason !== undefined) return reason;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 500 && value <= 599) return value;
  const hint = typeof value === 'string' ? didYouMean(value, RETRY_REASONS) : undefined;
  return refuseValue(`${oneOf(RETRY_REASONS)}, or a status from 500 to 599`, value, hint);
});

/** `20%`, as 0.2. */
const share = leaf({ type: 'string', pattern: '^\\d{1,3}%$', examples: ['20%'] }, (value) => {
  const percent =
    typeof value === 'string' && /^\d{1,3}%$/.test(value) ? Number(value.slice(0, -1)) : Number.NaN;
  return percent <= 100 ? percent / 100 : refuseValue('a share from 0% to 100%', value);
});

const breaker = z
  .strictObject({
    failures: share
      .prefault('50%')
      .describe('Share of failed requests that opens it: errors, and answers of 5xx.'),
    requests: integer(1, 1_000_000).prefault(20).describe('Fewer requests in a window say nothing.'),
    window: duration.prefault('10s').describe('How long requests are counted together.'),
    open: duration.prefault('5s').describe('How long none is let through, before one is tried.'),
    fallback: text("a cluster's name").optional().describe('Asked instead while it is open. Absent: 503.'),
  })
  .describe('When a cluster is given up for a while. Absent: never.');

const retry = z
  .strictObject({
    attempts: integer(1, MAX_ATTEMPTS)
      .prefault(2)
      .describe('Attempts in all, the first included; 1 switches retries off.'),
    on: z
      .array(retryReason.describe('A failure after which another instance is tried.'))
      .prefault(['connect-failure'])
      .describe(
        'Failures after which another instance is tried: connect-failure, connection-lost, timeout, statuses from 500 to 599.',
      ),
    unsafe: flag
      .prefault(false)
      .describe('true: also requests that may do harm the second time (POST, PATCH).'),
    budget: share.prefault('20%').describe('Most retries, as a share of the requests of ten seconds.'),
    backoff: duration
      .optional()
      .describe(
        'Longest pause before the second attempt; chance decides, and the bound doubles with each further one. Absent: none.',
      ),
  })
  .prefault({})
  .describe('When a request is sent again, to another instance.');

/** Each is an instance that works for nothing, unless it answers first. */
const MAX_HEDGES = 3;

const hedge = z
  .strictObject({
    after: duration.describe(
      'How long an attempt may be without the head of a response, before one more is made.',
    ),
    max: integer(1, MAX_HEDGES).prefault(1).describe('How many more may be made for one request.'),
  })
  .describe(
    'GET, HEAD and OPTIONS that take long are sent to one more backend, and the first answer is taken. Absent: never.',
  );

/** Who waits keeps about 2 KiB of a head; this is 200 MiB of them, and longer than anybody has patience. */
const MAX_QUEUE = 100_000;

const queue = z
  .strictObject({
    max: integer(1, MAX_QUEUE).prefault(100).describe('How many may wait at a time, in each worker.'),
    timeout: duration.prefault('1s').describe('How long one waits, at most. Then: 503.'),
  })
  .describe(
    'With maxRequests: who finds all backends full waits until one has room. Absent: nobody waits, and the answer is 503 at once.',
  );

/** `204` or `2xx`, as the first and the last status that it means. */
const statusRange = leaf<StatusRange>(
  { type: ['string', 'integer'], pattern: '^[1-5]xx$', minimum: 100, maximum: 599, examples: ['2xx', 204] },
  (value) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= 100 && value <= 599)
      return [value, value];
    const digit = typeof value === 'string' && /^[1-5]xx$/.test(value) ? Number(value[0]) : undefined;
    return digit === undefined
      ? refuseValue('a status from 100 to 599 or a class such as 2xx', value)
      : [digit * 100, digit * 100 + 99];
  },
);

const health = z
  .strictObject({
    probe: choice(['http', 'tcp', 'tls', 'grpc'])
      .optional()
      .describe(
        'What every instance is asked. Absent: http where there is a path, else only ejected ones are asked, by a connection.',
      ),
    path: probePath.optional().describe('Probed with GET.'),
    host: plainHost
      .optional()
      .describe(
        "The host that http and grpc name; with tls, the name asked for by SNI. Absent: the instance's address.",
      ),
    status: z
      .array(statusRange.describe('A status, or a class such as 2xx.'))
      .min(1)
      .prefault(['2xx', '3xx'])
      .describe('Answers to the GET that are well.'),
    service: text("a service's name")
      .optional()
      .describe('The service that grpc asks about. Absent: the server as a whole.'),
    interval: duration.prefault('1s').describe('Time between two probes.'),
    timeout: duration
      .optional()
      .describe('From the begin of a probe to its answer. Absent: connect and responseHeader, at most 5s.'),
    fail: integer(1, 1000).prefault(3).describe('Failures in a row that take an instance out.'),
    pass: integer(1, 1000).prefault(1).describe('Good probes in a row that bring it back.'),
    failRate: share
      .optional()
      .describe('Share of failed requests of a window that takes an instance out too. Absent: none.'),
    requests: integer(1, 1_000_000)
      .prefault(20)
      .describe('With failRate: fewer requests of an instance in a window say nothing.'),
    window: duration.prefault('10s').describe('With failRate: how long requests are counted together.'),
    failOn: z
      .array(statusRange.describe('A status, or a class such as 5xx.'))
      .prefault([])
      .describe('Answers that count as failures of the instance, too.'),
    maxEjected: share
      .prefault('100%')
      .describe('How many instances may be out for failures of requests, at most.'),
    panic: share
      .optional()
      .describe('When more instances than that are out, all are used, until enough are well. Absent: never.'),
  })
  .prefault({})
  .describe('How instances that fail are noticed, and when they come back.');

/** Beyond it requests only wait longer for each other. */
const MAX_DEPTH = 64;
const DEFAULT_MAX_WAIT = '100ms';

const depth = integer(2, MAX_DEPTH);
const maxWait = duration.prefault(DEFAULT_MAX_WAIT);

const pipelining = z
  .union(
    [
      z.strictObject({
        depth: depth.describe('Requests under way on one connection.'),
        maxWait: maxWait.describe(
          'How long one answer may keep others waiting, before they are sent again elsewhere.',
        ),
      }),
      depth.transform((value) => ({ depth: value, maxWait: maxWait.parse(undefined) })),
    ],
    { error: `expected a number of requests from 2 to ${MAX_DEPTH} or { depth: …, maxWait: … }` },
  )
  .describe('GET, HEAD and OPTIONS under way together on one HTTP/1.1 connection. Absent: one at a time.');

const tls = z
  .strictObject({
    serverName: plainHost
      .optional()
      .describe("Asked for by SNI and verified, in place of each instance's host."),
    ca: text('a file name')
      .optional()
      .describe('PEM: who may have issued the certificates of the backends. Absent: those whom Node trusts.'),
    cert: text('a file name').optional().describe('PEM: the client certificate, then its chain.'),
    key: text('a file name').optional().describe('PEM: its private key.'),
    verify: flag.prefault(true).describe('false: whoever answers is believed.'),
    minVersion: tlsVersion.prefault('1.2').describe('Oldest TLS version accepted.'),
    allowHttp1: flag
      .prefault(false)
      .describe('With h2: a backend that does not choose HTTP/2 is spoken to by HTTP/1.1.'),
  })
  .describe('TLS to the backends; only with https and h2.');

const subCluster = z
  .strictObject({
    weight: integer(0, MAX_WEIGHT)
      .prefault(1)
      .describe(
        'Share of the requests, relative to the others; 0: only when no other has a healthy backend.',
      ),
    instances: z.array(instance).min(1).optional().describe('Its backends; at least one.'),
    blackhole: flag.prefault(false).describe('true: it has no backends, and its share is refused with 503.'),
  })
  .describe('A pool of backends.');

export const clusterSchema: z.ZodType<ClusterEntry> = z
  .strictObject({
    protocol: choice(['http', 'https', 'h2c', 'h2'], ['fastcgi'], 'write http, https, h2c or h2 for now')
      .prefault('http')
      .describe('What is spoken to the backends.'),
    tls: tls.optional(),
    pipelining: pipelining.optional(),
    balance: choice(['round-robin', 'least-connections', 'random-two', 'peak-ewma', 'ring-hash', 'maglev'])
      .prefault('round-robin')
      .describe('How the instance for a request is chosen.'),
    hashOn: hashOnSchema
      .optional()
      .describe(
        'With ring-hash and maglev: requests that are equal in it go to the same instance. Absent: address.',
      ),
    sticky: stickySchema.optional(),
    instances: z.array(instance).min(1).optional().describe('The backends; at least one.'),
    subClusters: z
      .record(z.string(), subCluster)
      .optional()
      .describe('By name: pools of backends, usually one for each site, in place of instances.'),
    timeouts,
    limits: z
      .strictObject({
        maxBody: sizeOrNone.optional().describe('Largest request body for this cluster; beyond it: 413.'),
      })
      .prefault({})
      .describe('What differs from the limits at the top of the file.'),
    retry,
    hedge: hedge.optional(),
    breaker: breaker.optional(),
    health,
    maxRequests: integer(1, 1_000_000)
      .optional()
      .describe(
        'Requests and streams that one backend has at a time, from each worker; others get the next ones. Absent: no bound.',
      ),
    queue: queue.optional(),
    slowStart: duration
      .optional()
      .describe(
        'How long a backend that is new or back takes to get its full weight, beginning with a tenth. Absent: it has it at once.',
      ),
  })
  .describe('A service: backends that are interchangeable.');
