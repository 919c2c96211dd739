import type { z } from 'zod';
import type { ConfigFile } from './config-file.ts';
import { keysAt } from './json-schema.ts';
import { showValue } from './leaf.ts';
import { didYouMean, meant } from './nearest-name.ts';
import { type Complaint, complain, complainAboutKey, complainOfAbsence, type Path } from './problem.ts';
import { memberOf } from './raw.ts';
import { fileSchema } from './schema.ts';

/** Puts the schema to the data, and its objections into the words of the reader of the file. */
export function readShape(data: unknown): { file: ConfigFile | undefined; complaints: Complaint[] } {
  const result = fileSchema.safeParse(data);
  if (result.success) return { file: result.data, complaints: [] };
  const complaints = result.error.issues.flatMap((issue) => describe(issue, [], data));
  return { file: undefined, complaints: withoutFollowers(complaints) };
}

type Issue = z.core.$ZodIssue;

function describe(issue: Issue, base: Path, data: unknown): Complaint[] {
  const path: Path = [...base, ...(issue.path as Path)];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(path, key));
    case 'invalid_union':
      return describeUnion(issue, path, data);
    case 'invalid_type':
      return [wrongType(issue.expected, path, data)];
    case 'too_small':
      return [complain(path, 'the list is empty: at least one entry is needed')];
    case 'too_big':
      return [complain(path, `the list has more than ${issue.maximum} entries`)];
    case 'custom':
      return [isAbsent(path, data) ? absence(path) : complain(path, issue.message, hintOf(issue))];
    default:
      return [complain(path, issue.message)];
  }
}

function unknownKey(path: Path, key: string): Complaint {
  const known = keysAt(path);
  const hint = key === '<<' ? NO_MERGING : (didYouMean(key, known) ?? `known here: ${known.join(', ')}`);
  return complainAboutKey([...path, key], `unknown key ${JSON.stringify(key)}`, hint);
}

const NO_MERGING = 'YAML 1.2 has no merge keys: an alias stands for the whole value';

/**
 * A choice between a word and a mapping. When one branch took the kind of value (it objects to something inside only),
 * its objections are what the reader wants to know; else the choice itself is explained, or the word where the schema
 * has no explanation for the choice.
 */
function describeUnion(issue: Issue & { code: 'invalid_union' }, path: Path, data: unknown): Complaint[] {
  const entered = issue.errors.find((issues) => issues.every((inner) => !isAboutWhole(inner)));
  if (entered !== undefined) return entered.flatMap((inner) => describe(inner, path, data));
  const word = issue.errors.flat().find(({ code }) => code === 'custom');
  if (issue.message === UNEXPLAINED && word !== undefined)
    return [complain(path, word.message, hintOf(word))];
  const hint = issue.errors
    .flat()
    .map(hintOf)
    .find((candidate) => candidate !== undefined);
  return [complain(path, `${issue.message}, but found ${showValue(valueAt(path, data))}`, hint)];
}

/** zod's own words for a union. */
const UNEXPLAINED = 'Invalid input';

function isAboutWhole(issue: Issue): boolean {
  return issue.path.length === 0 && issue.code !== 'unrecognized_keys';
}

function wrongType(expected: string, path: Path, data: unknown): Complaint {
  if (isAbsent(path, data)) return absence(path);
  const value = valueAt(path, data);
  const isList = expected === 'array';
  const isLoneWord = typeof value === 'string' && WORD_LISTS.has(String(path.at(-1)));
  const hint = isLoneWord ? `write [${JSON.stringify(value)}]` : undefined;
  return complain(path, `expected ${isList ? 'a list' : 'a mapping'}, but found ${showValue(value)}`, hint);
}

function absence(path: Path): Complaint {
  return complainOfAbsence(path, `${JSON.stringify(path.at(-1))} is missing`);
}

/** One complaint is enough where a required key is misspelled, or a word of a later version stands in its place. */
function withoutFollowers(complaints: Complaint[]): Complaint[] {
  const strangers = new Set<string>();
  for (const { at, path, hint } of complaints) {
    if (at === 'key') strangers.add(placeKey(path)).add(placeKey([...path.slice(0, -1), hint ?? '']));
  }
  return complaints.filter(({ isAbsence, path }) => {
    if (isAbsence !== true) return true;
    const key = String(path.at(-1));
    const causes: Path[] = [[meant(key)], ...(STEAD_NOT_YET.get(key) ?? [])];
    return !causes.some((cause) => strangers.has(placeKey([...path.slice(0, -1), ...cause])));
  });
}

function placeKey(path: Path): string {
  return path.join('\n');
}

/** What will be able to stand in the place of a key that is required now. */
const STEAD_NOT_YET: ReadonlyMap<string, readonly Path[]> = new Map([['instances', [['subClusters']]]]);

/** Lists of words: one word alone is a forgotten pair of brackets. */
const WORD_LISTS: ReadonlySet<string> = new Set([
  'hosts',
  'protocols',
  'on',
  'trustedProxies',
  'from',
  'vips',
  'addresses',
  'methods',
  'paths',
  'delete',
  'keep',
]);

function hintOf(issue: Issue): string | undefined {
  return issue.code === 'custom' ? (issue.params as { hint?: string } | undefined)?.hint : undefined;
}

function isAbsent(path: Path, data: unknown): boolean {
  return path.length > 0 && valueAt(path, data) === undefined;
}

function valueAt(path: Path, data: unknown): unknown {
  let value = data;
  for (const part of path) value = Array.isArray(value) ? value[Number(part)] : memberOf(value, String(part));
  return value;
}
