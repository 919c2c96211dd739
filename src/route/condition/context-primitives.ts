import { type AddressKey, addressText, isIPv4Key, readAddress } from './address-key.ts';
import type { CallArguments } from './call-arguments.ts';
import type { ConditionSubject } from './condition-subject.ts';
import { MAX_BODY_PATH_NAMES } from './limits.ts';
import { foldCase } from './octet-text.ts';
import { type BuiltPrimitive, type Primitive, textParameter } from './primitive.ts';
import { bucketOf, matchHash, matchIn } from './text-match.ts';
import {
  equalKeys,
  lookAt,
  readBuckets,
  readFieldName,
  seen,
  type TextSource,
  textPrimitives,
} from './text-primitives.ts';
import { readMoment, readTimeOfDay } from './time-text.ts';

const SERVER_NAME: TextSource = { name: 'server name', read: (subject) => subject.serverName };
const AUTHORITY: TextSource = { name: 'client authority', read: (subject) => subject.clientAuthority };
const PEER_ADDRESS: AddressOf = (subject) => subject.peerAddress;
const PEER: Sees = seenAddress(PEER_ADDRESS);
const TIME: Sees = ({ now }) => [new Date(now).toISOString()];
const RANGE = [textParameter('first'), textParameter('last')];

/** Who asks, when, over what kind of connection; and what others have found out about the request. */
export const CONTEXT_PRIMITIVES: readonly (readonly [string, Primitive])[] = [
  [
    'req_cip_trusted',
    { parameters: [], build: () => ({ test: (subject) => subject.isFromTrusted, sees: PEER }) },
  ],
  ['req_cip_range', rangePrimitive((subject) => subject.clientAddress)],
  ['req_cip_hash_in', { parameters: [textParameter('buckets')], build: buildClientHash }],
  ['req_vip_in', { parameters: [textParameter('addresses')], build: buildVirtualIn }],
  ['req_vip_range', rangePrimitive((subject) => subject.virtualAddress)],
  ['ses_vip_range', rangePrimitive((subject) => subject.virtualAddress)],
  ['ses_sip_range', rangePrimitive(PEER_ADDRESS)],
  ['ses_tls_sni_in', { parameters: [textParameter('names')], build: buildServerName }],
  [
    'ses_tls_client_auth',
    {
      parameters: [],
      build: () => ({ test: (subject) => subject.clientAuthority !== undefined, sees: seen(AUTHORITY.read) }),
    },
  ],
  [
    'ses_tls_client_ca_in',
    {
      parameters: [textParameter('authorities')],
      build: (args) => lookAt(AUTHORITY.read, matchIn(args.fullList(0), false)),
    },
  ],
  ['bfe_time_range', { parameters: RANGE, build: buildTimeRange }],
  ['bfe_periodic_time_range', { parameters: [...RANGE, textParameter('period')], build: buildDailyRange }],
  [
    'req_tag_match',
    { parameters: [textParameter('type'), textParameter('tag')], fact: 'tag', build: buildTag },
  ],
  ...textPrimitives({
    name: 'req_context_value',
    key: textParameter('key'),
    ways: ['in'],
    fact: 'context',
    source: (args) => {
      const key = args.text(0);
      return { name: `context ${key}`, read: (subject) => subject.contextValue(key) };
    },
  }),
  ...textPrimitives({
    name: 'req_body_json',
    key: textParameter('path'),
    ways: ['in', 'prefix_in'],
    fact: 'body',
    source: (args) => {
      const path = readBodyPath(args, 0);
      return { name: `body ${path}`, read: (subject) => subject.bodyValue(path) };
    },
  }),
  ['res_code_in', { parameters: [textParameter('codes')], fact: 'response', build: buildStatusIn }],
  [
    'res_header_key_in',
    { parameters: [textParameter('names')], fact: 'response', build: buildResponseHeaderIn },
  ],
  ...textPrimitives({
    name: 'res_header_value',
    key: textParameter('name'),
    ways: ['in'],
    fact: 'response',
    source: (args) => {
      const name = readFieldName(args.text(0), args, 0);
      return { name: `response header ${name}`, read: (subject) => readResponseHeader(subject, name) };
    },
  }),
];

type AddressOf = (subject: ConditionSubject) => AddressKey | undefined;
type Sees = NonNullable<BuiltPrimitive['sees']>;

function seenAddress(addressOf: AddressOf): Sees {
  return (subject) => {
    const address = addressOf(subject);
    return address === undefined ? [] : [addressText(address)];
  };
}

function rangePrimitive(addressOf: AddressOf): Primitive {
  return {
    parameters: RANGE,
    build: (args) => {
      const first = readAddressAt(args.text(0), args, 0);
      const last = readAddressAt(args.text(1), args, 1);
      if (isIPv4Key(first) !== isIPv4Key(last)) {
        throw args.refuse(1, 'the range begins with IPv4 and ends with IPv6, or the other way round');
      }
      if (last < first)
        throw args.refuse(1, 'the range ends before it begins', 'the smaller address comes first');
      return {
        test: (subject) => {
          const address = addressOf(subject);
          return address !== undefined && address >= first && address <= last;
        },
        sees: seenAddress(addressOf),
      };
    },
  };
}

function readAddressAt(text: string, args: CallArguments, i: number): AddressKey {
  const address = readAddress(text);
  if (address !== undefined) return address;
  const hint = text.includes('/') ? 'give the first and the last address of the block' : undefined;
  throw args.refuse(i, `${JSON.stringify(text)} is not an IP address`, hint);
}

function buildClientHash(args: CallArguments): ReturnType<Primitive['build']> {
  const matches = matchHash(readBuckets(args, 0), false);
  return {
    test: ({ clientAddress }) => clientAddress !== undefined && matches(addressText(clientAddress)),
    sees: seenAddress(({ clientAddress }) => clientAddress),
    bucketOf: (text) => bucketOf(text, false),
  };
}

function buildVirtualIn(args: CallArguments): ReturnType<Primitive['build']> {
  const addresses = new Set(args.list(0).map((text) => readAddressAt(text, args, 0)));
  return {
    test: ({ virtualAddress }) => virtualAddress !== undefined && addresses.has(virtualAddress),
    sees: seenAddress(({ virtualAddress }) => virtualAddress),
  };
}

function buildServerName(args: CallArguments): ReturnType<Primitive['build']> {
  const names = args.fullList(0).map(foldCase);
  return { ...lookAt(SERVER_NAME.read, matchIn(names, false)), keys: equalKeys(SERVER_NAME, names) };
}

function buildTimeRange(args: CallArguments): ReturnType<Primitive['build']> {
  const [first, last] = [0, 1].map((i) => {
    const moment = readMoment(args.text(i));
    if (moment !== undefined) return moment;
    throw args.refuse(
      i,
      `${JSON.stringify(args.text(i))} is not a time`,
      'write yyyymmddhhmmss and a letter for the zone, Z for UTC: "20260131235959Z"',
    );
  }) as [number, number];
  if (last < first) throw args.refuse(1, 'the range ends before it begins');
  return {
    test: (subject) => {
      const { now } = subject;
      return now >= first && now <= last;
    },
    sees: TIME,
  };
}

function buildDailyRange(args: CallArguments): ReturnType<Primitive['build']> {
  const [first, last] = [0, 1].map((i) => {
    const time = readTimeOfDay(args.text(i));
    if (time !== undefined) return time;
    throw args.refuse(
      i,
      `${JSON.stringify(args.text(i))} is not a time of day`,
      'write hhmmss and a letter for the zone, Z for UTC: "093000Z"',
    );
  }) as [NonNullable<ReturnType<typeof readTimeOfDay>>, NonNullable<ReturnType<typeof readTimeOfDay>>];
  if (first.offset !== last.offset) throw args.refuse(1, 'the range begins and ends in different zones');
  if (last.seconds < first.seconds) {
    throw args.refuse(1, 'the range ends before it begins', 'over midnight: two ranges, joined by ||');
  }
  if (args.text(2) !== '') throw args.refuse(2, 'only every day is possible', 'write ""');
  return {
    test: (subject) => {
      const seconds = secondsOfDay(subject.now, first.offset);
      return seconds >= first.seconds && seconds <= last.seconds;
    },
    sees: TIME,
  };
}

/** `now` in milliseconds since the epoch, `offset` of the zone in seconds. */
function secondsOfDay(now: number, offset: number): number {
  const seconds = (Math.floor(now / 1000) + offset) % DAY;
  return seconds < 0 ? seconds + DAY : seconds;
}

const DAY = 86_400;

function buildTag(args: CallArguments): ReturnType<Primitive['build']> {
  const type = args.text(0);
  const wanted = args.text(1);
  return {
    test: (subject) => {
      for (const tag of subject.tags(type)) {
        // A tag may carry more behind a colon.
        if (tag.startsWith(wanted) && (tag.length === wanted.length || tag[wanted.length] === ':'))
          return true;
      }
      return false;
    },
    sees: (subject) => subject.tags(type),
  };
}

/** Names with dots between them. */
function readBodyPath(args: CallArguments, i: number): string {
  const path = args.text(i);
  const names = path.split('.');
  const hint = 'write names with dots between them, such as user.roles.0';
  if (names.includes('')) throw args.refuse(i, `${JSON.stringify(path)} has an empty name in it`, hint);
  if (names.length > MAX_BODY_PATH_NAMES)
    throw args.refuse(i, `the path has ${names.length} names, and ${MAX_BODY_PATH_NAMES} are allowed`);
  return path;
}

function buildStatusIn(args: CallArguments): ReturnType<Primitive['build']> {
  const codes = new Set(
    args.list(0).map((text) => {
      if (/^[1-5]\d\d$/.test(text)) return Number(text);
      throw args.refuse(0, `${JSON.stringify(text)} is not a status`, 'write each one: 502|503|504');
    }),
  );
  return {
    test: (subject) => codes.has(subject.responseStatus),
    sees: ({ responseStatus }) => (responseStatus === 0 ? [] : [String(responseStatus)]),
  };
}

function buildResponseHeaderIn(args: CallArguments): ReturnType<Primitive['build']> {
  const names = args.fullList(0).map((name) => readFieldName(name, args, 0));
  return {
    test: (subject) => {
      for (const name of names) if ((subject.responseHeader(name) ?? '') !== '') return true;
      return false;
    },
    sees: (subject) => names.filter((name) => (subject.responseHeader(name) ?? '') !== ''),
  };
}

/** False as long as there is no response; then a header that is not there is empty, as it is in a request. */
function readResponseHeader(subject: ConditionSubject, name: string): string | undefined {
  return subject.responseStatus === 0 ? undefined : (subject.responseHeader(name) ?? '');
}
