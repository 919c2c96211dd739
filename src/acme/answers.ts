/**
 * Reads the objects of RFC 8555, section 7.1: what is used of them is checked, what is not used is not looked at. Whatever does
 * not fit is an AcmeFailure, because nothing good can come after it.
 */
import { nonsense } from './acme-failure.ts';
import { type AcmeProblem, readProblem } from './problem-document.ts';
import type { SuggestedWindow } from './renewal.ts';

export interface Directory {
  readonly newNonce: string;
  readonly newAccount: string;
  readonly newOrder: string;
  /** RFC 9773; undefined: the CA does not say when to renew. */
  readonly renewalInfo: string | undefined;
}

export interface Order {
  readonly status: 'pending' | 'ready' | 'processing' | 'valid' | 'invalid';
  /** DNS names, lower-case. */
  readonly hosts: readonly string[];
  readonly authorizations: readonly string[];
  readonly finalize: string;
  /** With `valid`, and only then. */
  readonly certificate: string | undefined;
  /** With `invalid`, perhaps. */
  readonly error: AcmeProblem;
}

export interface Authorization {
  readonly status: 'pending' | 'valid' | 'invalid' | 'deactivated' | 'expired' | 'revoked';
  readonly host: string;
  readonly challenges: readonly Challenge[];
}

export interface Challenge {
  readonly type: string;
  readonly url: string;
  readonly token: string;
  readonly error: AcmeProblem;
}

export function readDirectory(value: unknown): Directory {
  const directory = mapping(value, 'the directory');
  return {
    newNonce: url(directory, 'newNonce'),
    newAccount: url(directory, 'newAccount'),
    newOrder: url(directory, 'newOrder'),
    renewalInfo: directory['renewalInfo'] === undefined ? undefined : url(directory, 'renewalInfo'),
  };
}

export function readOrder(value: unknown): Order {
  const order = mapping(value, 'an order');
  const status = word(order, 'status', ORDER_STATUSES);
  return {
    status,
    hosts: list(order, 'identifiers').map(readIdentifier),
    authorizations: list(order, 'authorizations').map((item) => checkUrl(item, 'authorizations')),
    finalize: url(order, 'finalize'),
    certificate: status === 'valid' ? url(order, 'certificate') : undefined,
    error: readProblem(order['error']),
  };
}

export function readAuthorization(value: unknown): Authorization {
  const authorization = mapping(value, 'an authorization');
  return {
    status: word(authorization, 'status', AUTHORIZATION_STATUSES),
    host: readIdentifier(authorization['identifier']),
    challenges: list(authorization, 'challenges').flatMap(readChallenge),
  };
}

/** Those of kinds we do not know may look as they like. */
function readChallenge(value: unknown): Challenge[] {
  const challenge = mapping(value, 'a challenge');
  const { type, token } = challenge;
  if (type !== 'http-01' && type !== 'tls-alpn-01') return [];
  // It becomes a part of a path, and of what we sign: RFC 8555, section 8.3 allows base64url, with 128 bits at least.
  if (typeof token !== 'string' || !/^[\w-]{22,256}$/.test(token)) throw nonsense('a token that is none');
  return [{ type, token, url: url(challenge, 'url'), error: readProblem(challenge['error']) }];
}

/** RFC 9773, section 4.2. */
export function readRenewalWindow(value: unknown): SuggestedWindow {
  const window = mapping(mapping(value, 'the time of renewal')['suggestedWindow'], 'the time of renewal');
  const [start, end] = [instant(window, 'start'), instant(window, 'end')];
  if (end <= start) throw nonsense('a window of renewal that ends before it begins');
  return { start, end };
}

/** RFC 3339. */
function instant(of: Mapping, key: string): number {
  const value = of[key];
  const ms = typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw nonsense(`${key} is no time`);
  return ms;
}

function readIdentifier(value: unknown): string {
  const identifier = mapping(value, 'an identifier');
  const name = identifier['value'];
  if (identifier['type'] !== 'dns' || typeof name !== 'string' || name.length > 253) {
    throw nonsense('an identifier that is no DNS name');
  }
  return name.toLowerCase();
}

const ORDER_STATUSES = ['pending', 'ready', 'processing', 'valid', 'invalid'] as const;
const AUTHORIZATION_STATUSES = ['pending', 'valid', 'invalid', 'deactivated', 'expired', 'revoked'] as const;

/** More than any order of ours has. */
const MAX_LIST = 200;
const MAX_URL_CHARACTERS = 2048;

type Mapping = Readonly<Record<string, unknown>>;

function mapping(value: unknown, what: string): Mapping {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw nonsense(`${what} is no JSON object`);
  return value as Mapping;
}

function list(of: Mapping, key: string): readonly unknown[] {
  const value = of[key];
  if (!Array.isArray(value) || value.length > MAX_LIST) throw nonsense(`${key} is no list, or too long`);
  return value;
}

function word<const T extends string>(of: Mapping, key: string, words: readonly T[]): T {
  const known = words.find((candidate) => candidate === of[key]);
  if (known === undefined) throw nonsense(`an unknown ${key}`);
  return known;
}

function url(of: Mapping, key: string): string {
  return checkUrl(of[key], key);
}

/** RFC 8555, section 6.1: everything goes over HTTPS. */
export function checkUrl(value: unknown, key: string): string {
  if (
    typeof value === 'string' &&
    value.length <= MAX_URL_CHARACTERS &&
    URL.parse(value)?.protocol === 'https:'
  ) {
    return value;
  }
  throw nonsense(`${key} is no https address`);
}
