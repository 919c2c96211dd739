/** How a field is sent that neither table has (RFC 7541, section 6.2). The value is the pattern of its first octet. */
export const INDEXING = {
  /** Entered into the table: worth it where the same field comes again. */
  index: 0x40,
  /** Not entered: it would only push out others. */
  plain: 0x00,
  /** Not entered, here and by whoever forwards it; and never sent as a reference to a whole entry. */
  never: 0x10,
} as const;

export type Indexing = (typeof INDEXING)[keyof typeof INDEXING];

/**
 * The policy for a field's name (lower-case).
 *
 * A connection to a backend carries the requests of many clients on one table. Who can see how long a message of ours is, and
 * have requests sent, could guess at entries of others (section 7.1); hence secrets are never entered.
 */
export function indexingOf(name: string): Indexing {
  return POLICY.get(name) ?? INDEXING.index;
}

/** Secrets, or short enough to be guessed octet by octet (section 7.1.3). */
const NEVER = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'x-auth-token',
  'x-csrf-token',
];

const PLAIN = [
  // which resource: too many values, and on a connection that many clients share, in no order
  ':path',
  'location',
  'content-location',
  'referer',
  // which version or part of it
  'content-length',
  'content-range',
  'range',
  'if-range',
  'etag',
  'if-match',
  'if-none-match',
  'last-modified',
  'if-modified-since',
  'if-unmodified-since',
  'content-digest',
  'repr-digest',
  'content-md5',
  // how old, how long; unlike `date`, which is the same for all messages of a second
  'age',
  'expires',
  'grpc-timeout',
  'server-timing',
  // which message, which client
  'x-request-id',
  'x-correlation-id',
  'x-amzn-trace-id',
  'x-b3-traceid',
  'x-b3-spanid',
  'x-b3-parentspanid',
  'traceparent',
  'tracestate',
  'forwarded',
  'x-forwarded-for',
  'x-real-ip',
];

const POLICY: ReadonlyMap<string, Indexing> = new Map<string, Indexing>([
  ...NEVER.map((name) => [name, INDEXING.never] as const),
  ...PLAIN.map((name) => [name, INDEXING.plain] as const),
]);
