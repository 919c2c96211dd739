import type { z } from 'zod';
import type { AddressSettings, TlsVersion } from '../core/settings.ts';
import { BIND_PATTERN, readBindAddress, readTargetAddress, TARGET_PATTERN } from './address.ts';
import { DURATION_PATTERN, readDuration } from './duration.ts';
import { readHostPattern } from './host-name.ts';
import { readIpAddress } from './ip-address.ts';
import { leaf, type Refusal, refuse, refuseValue } from './leaf.ts';
import { didYouMean } from './nearest-name.ts';
import { readNetworkBlock } from './network-block.ts';
import { readPathPattern, readProbePath } from './path-pattern.ts';
import { readSize, SIZE_PATTERN } from './size.ts';
import { BROKEN } from './tls-profile-names.ts';

/** The forms a single value of the file can have, as schema parts. */

export const duration: z.ZodType<number> = leaf(
  { type: 'string', pattern: DURATION_PATTERN, examples: ['500ms', '2s', '1m'] },
  (value) => readDuration(value),
);

/** A duration with a lower bound. */
export function durationFrom(minMs: number): z.ZodType<number> {
  return leaf({ type: 'string', pattern: DURATION_PATTERN, examples: ['1m', '12h'] }, (value) =>
    readDuration(value, minMs),
  );
}

/** A duration that may be nothing: `0s`. */
export const durationOrZero: z.ZodType<number> = leaf(
  { type: 'string', pattern: DURATION_PATTERN, examples: ['0s', '10s'] },
  (value) => readDuration(value, 0),
);

/** Bytes, between the two bounds. */
export function size(min: number, max: number): z.ZodType<number> {
  return leaf({ type: ['string', 'integer'], pattern: SIZE_PATTERN, examples: ['16KiB', '1MiB'] }, (value) =>
    readSize(value, min, max),
  );
}

/** Bytes, or undefined for `none`. */
export const sizeOrNone: z.ZodType<number | undefined> = leaf(
  { type: ['string', 'integer'], pattern: `^none$|${SIZE_PATTERN}`, examples: ['none', '10MiB'] },
  (value) => (value === 'none' ? undefined : readSize(value, 0, Number.MAX_SAFE_INTEGER)),
);

export const bindAddress: z.ZodType<AddressSettings> = leaf(
  { type: 'string', pattern: BIND_PATTERN, examples: [':8080', '127.0.0.1:8080', '[::1]:8080'] },
  readBindAddress,
);

export const targetAddress: z.ZodType<AddressSettings> = leaf(
  { type: 'string', pattern: TARGET_PATTERN, examples: ['127.0.0.1:9001'] },
  readTargetAddress,
);

export const hostPattern: z.ZodType<string> = leaf(
  { type: 'string', examples: ['shop.example.org', '*.shop.example.org'] },
  readHostPattern,
);

export const pathPattern: z.ZodType<string> = leaf(
  { type: 'string', pattern: '^/', examples: ['/cart', '/api/*'] },
  readPathPattern,
);

export const probePath: z.ZodType<string> = leaf(
  { type: 'string', pattern: '^/', examples: ['/healthz'] },
  readProbePath,
);

/** One host: a name or an IP literal. */
export const plainHost: z.ZodType<string> = leaf({ type: 'string', examples: ['api.internal'] }, (value) => {
  const host = readHostPattern(value);
  return typeof host === 'string' && host.startsWith('*.')
    ? refuseValue('one host', value, 'a wildcard cannot be asked for')
    : host;
});

const TLS_VERSIONS = ['1.2', '1.3'] as const;

/** Unquoted, `1.2` is a number in YAML; there is only one thing it can mean here. */
export const tlsVersion: z.ZodType<'1.2' | '1.3'> = leaf({ enum: TLS_VERSIONS }, (value) => {
  const written = typeof value === 'number' ? String(value) : value;
  const version = TLS_VERSIONS.find((candidate) => candidate === written);
  if (version !== undefined) return version;
  const isOld = written === '1' || written === '1.0' || written === '1.1';
  return isOld
    ? refuse(`TLS ${written === '1' ? '1.0' : written} is not offered: RFC 8996 forbids it`, 'write "1.2"')
    : refuseValue('"1.2" or "1.3"', value);
});

const CLIENT_TLS_VERSIONS = ['1.0', '1.1', '1.2', '1.3'] as const;

/** As `tlsVersion`, with those that only the profile `old` of a tenant speaks. */
export const tlsVersionOfClients: z.ZodType<TlsVersion> = leaf({ enum: CLIENT_TLS_VERSIONS }, (value) => {
  // Unquoted 1.0 is the number 1.
  const written = value === 1 ? '1.0' : String(value);
  const version = CLIENT_TLS_VERSIONS.find((candidate) => candidate === written);
  if (version !== undefined && typeof value !== 'object') return version;
  const broken = BROKEN.get(written.toUpperCase());
  return broken === undefined ? refuseValue('"1.2" or "1.3"', value) : refuse(...broken);
});
/** What it says is checked apart from the schema. */
export const conditionText: z.ZodType<string> = leaf(
  { type: 'string', examples: ['req_method_in("POST")'] },
  (value) =>
    typeof value === 'string' ? value : refuseValue('a condition such as req_method_in("POST")', value),
);

export const networkBlock: z.ZodType<string> = leaf(
  { type: 'string', examples: ['10.0.0.0/8', '127.0.0.1', '2001:db8::/32'] },
  readNetworkBlock,
);

export const ipAddress: z.ZodType<string> = leaf(
  { type: 'string', examples: ['192.0.2.1', '2001:db8::1'] },
  readIpAddress,
);

export const flag: z.ZodType<boolean> = leaf({ type: 'boolean' }, (value) =>
  typeof value === 'boolean' ? value : refuseValue('true or false', value, FLAG_HINTS.get(String(value))),
);

/** Words that YAML 1.1 took for a flag, and YAML 1.2 takes for text. */
const FLAG_HINTS: ReadonlyMap<string, string> = new Map([
  ...['yes', 'on', 'true'].map((word) => [word, 'write true'] as const),
  ...['no', 'off', 'false'].map((word) => [word, 'write false'] as const),
]);

/** `what` completes "expected …": `a cluster's name`, `a file name`. */
export function text(what: string): z.ZodType<string> {
  return leaf({ type: 'string' }, (value) => {
    if (typeof value === 'string' && value !== '') return value;
    return refuseValue(what, value, typeof value === 'number' ? `put it in quotes: "${value}"` : undefined);
  });
}

export function integer(min: number, max: number): z.ZodType<number> {
  return leaf({ type: 'integer', minimum: min, maximum: max }, (value) => readInteger(value, min, max));
}

export function readInteger(value: unknown, min: number, max: number): number | Refusal {
  const isInteger = typeof value === 'number' && Number.isSafeInteger(value);
  return isInteger && value >= min && value <= max
    ? value
    : refuseValue(`a whole number from ${min} to ${max}`, value);
}

/**
 * One of a few words. `later`: words of the design that this version does not know yet; `laterHint` says what to write
 * meanwhile.
 */
export function choice<const T extends string>(
  words: readonly T[],
  later: readonly string[] = [],
  laterHint?: string,
): z.ZodType<T> {
  return leaf({ type: 'string', enum: words }, (value) => {
    const word = words.find((candidate) => candidate === value);
    if (word !== undefined) return word;
    if (typeof value === 'string' && later.includes(value)) return refuse(notYet(value), laterHint);
    return refuseValue(oneOf(words), value, typeof value === 'string' ? didYouMean(value, words) : undefined);
  });
}

/** The words in which everything of a later version is refused. */
function notYet(name: string): string {
  return `${JSON.stringify(name)} is not yet available in this version`;
}

/** `a, b or c`. */
export function oneOf(words: readonly (string | number)[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
