import { isToken } from '../../../protocols/http/characters.ts';
import type { CallArguments, Parameter } from './call-arguments.ts';
import type { ConditionSubject, LateFact } from './condition-subject.ts';
import type { IndexKey } from './index-key.ts';
import { foldCase } from './octet-text.ts';
import { type BuiltPrimitive, FOLD_CASE, type Primitive, textParameter } from './primitive.ts';
import {
  bucketOf,
  HASH_BUCKETS,
  matchContain,
  matchHash,
  matchIn,
  matchPattern,
  matchPrefix,
  matchSuffix,
  type TextMatch,
} from './text-match.ts';

/** A text that conditions look at; undefined makes them false. */
export interface TextSource {
  /** The same for the same text: `header x-beta`. */
  readonly name: string;
  readonly read: (subject: ConditionSubject) => string | undefined;
}

/** A family of primitives that look at the same kind of text in different ways. */
export interface TextFamily {
  /** Before the way: `req_header_value`. */
  readonly name: string;
  /** Which text of the kind, when there are many. */
  readonly key?: Parameter;
  readonly ways: readonly Way[];
  readonly fact?: LateFact;
  readonly source: (args: CallArguments) => TextSource;
  /** Throws for an item that could never match; `in` and `prefix_in` only. */
  readonly check?: (item: string, args: CallArguments, i: number) => void;
}

type Way = 'in' | 'prefix_in' | 'suffix_in' | 'contain' | 'hash_in' | 'regmatch';

export function textPrimitives(family: TextFamily): [string, Primitive][] {
  return family.ways.map((way) => [`${family.name}_${way}`, textPrimitive(family, way)]);
}

function textPrimitive(family: TextFamily, way: Way): Primitive {
  const key = family.key === undefined ? [] : [family.key];
  const list = textParameter(LISTS[way]);
  const parameters = way === 'regmatch' ? [...key, list] : [...key, list, FOLD_CASE];
  const at = key.length;
  return {
    parameters,
    ...(family.fact === undefined ? {} : { fact: family.fact }),
    build: (args) => {
      const { name, read } = family.source(args);
      const fold = way !== 'regmatch' && args.flag(at + 1);
      const items = way === 'in' ? args.list(at) : way === 'prefix_in' ? args.fullList(at) : [];
      for (const item of items) family.check?.(item, args, at);
      const built = lookAt(read, matchOf(way, args, at, fold));
      if (way === 'hash_in') return { ...built, bucketOf: (text) => bucketOf(text, fold) };
      if (items.length === 0) return built;
      const match = way === 'in' ? 'equal' : 'prefix';
      return { ...built, keys: items.map((item) => ({ source: name, read, match, value: foldCase(item) })) };
    },
  };
}

/** How the argument with the choice is called. */
const LISTS: Readonly<Record<Way, string>> = {
  in: 'values',
  prefix_in: 'prefixes',
  suffix_in: 'suffixes',
  contain: 'parts',
  hash_in: 'buckets',
  regmatch: 'pattern',
};

function matchOf(way: Way, args: CallArguments, at: number, fold: boolean): TextMatch {
  switch (way) {
    case 'in':
      return matchIn(args.list(at), fold);
    case 'prefix_in':
      return matchPrefix(args.fullList(at), fold);
    case 'suffix_in':
      return matchSuffix(args.fullList(at), fold);
    case 'contain':
      return matchContain(args.fullList(at), fold);
    case 'hash_in':
      return matchHash(readBuckets(args, at), fold);
    case 'regmatch':
      return readPattern(args, at);
  }
}

/** A test of one text, and what it sees. */
export function lookAt(read: TextSource['read'], match: TextMatch): Pick<BuiltPrimitive, 'test' | 'sees'> {
  return {
    test: (subject) => {
      const text = read(subject);
      return text !== undefined && match(text);
    },
    sees: seen(read),
  };
}

/** What is seen where one text is looked at. */
export function seen(read: TextSource['read']): NonNullable<BuiltPrimitive['sees']> {
  return (subject) => {
    const text = read(subject);
    return text === undefined ? [] : [text];
  };
}

/** Keys for a text that must equal one of the items; items are in lower case. */
export function equalKeys({ name, read }: TextSource, items: readonly string[]): IndexKey[] {
  return items.map((value) => ({ source: name, read, match: 'equal', value }));
}

export function readPattern(args: CallArguments, i: number): TextMatch {
  const match = matchPattern(args.text(i));
  if (typeof match !== 'string') return match;
  throw args.refuse(i, match, 'patterns are in the syntax of RE2: no look-around, no back references');
}

/** `0-99|500`: numbers and ranges of the 10,000 buckets. */
export function readBuckets(args: CallArguments, i: number): Uint8Array {
  const buckets = new Uint8Array(HASH_BUCKETS);
  for (const item of args.list(i)) {
    const parts = /^ *(\d{1,4}) *(?:- *(\d{1,4}) *)?$/.exec(item);
    const first = Number(parts?.[1]);
    const last = parts?.[2] === undefined ? first : Number(parts[2]);
    if (parts === null || last < first) {
      throw args.refuse(
        i,
        `expected buckets such as 0-99|500, but found ${JSON.stringify(item)}`,
        `there are ${HASH_BUCKETS} buckets, from 0 to ${HASH_BUCKETS - 1}`,
      );
    }
    buckets.fill(1, first, last + 1);
  }
  return buckets;
}

/** A field's name, lower-case. */
export function readFieldName(name: string, args: CallArguments, i: number): string {
  if (!isToken(name, 0, name.length))
    throw args.refuse(i, `${JSON.stringify(name)} is not the name of a header`);
  const lower = name.toLowerCase();
  const hint = NOT_LISTED.get(lower);
  if (hint !== undefined) throw args.refuse(i, `the header ${lower} is not looked at as one`, hint);
  return lower;
}

/** Fields that a head does not list, because they became something else when it was read. */
const NOT_LISTED: ReadonlyMap<string, string> = new Map([
  ['host', 'ask for the host: req_host_in("…")'],
  ['content-length', 'how long a message is, is not known to conditions'],
  ['transfer-encoding', 'how a message is framed, is not known to conditions'],
]);
