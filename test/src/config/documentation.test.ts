import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { parse } from 'yaml';
import { configJsonSchema, type JsonSchema } from '../../../src/config/json-schema.ts';
import { parseConfig } from '../../../src/config/load.ts';
import { shortProblems } from '../../support/configuration.ts';

const REFERENCE = readFileSync(join(import.meta.dirname, '../../../docs/configuration.md'), 'utf8');

/** Modules may stand in three places; their keys are explained once, in a document of their own. */
const MODULES = readFileSync(join(import.meta.dirname, '../../../docs/modules.md'), 'utf8');
const MODULES_ELSEWHERE = /^tenants\.<name>\.(routes\[\]\.)?modules$/;

/** Key → its row: type, default, meaning. */
const rows = new Map(
  `${REFERENCE}\n${MODULES}`
    .split('\n')
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
    .filter((cells) => cells.length === 6 && /^`[^`]+`$/.test(cells[1]!))
    .map(([, key, type, fallback, meaning]) => [
      key!.slice(1, -1),
      { type: type!, fallback: fallback!, meaning: meaning! },
    ]),
);

interface Key {
  readonly place: string;
  readonly schema: JsonSchema;
  readonly isRequired: boolean;
}

function* keysOf(schema: JsonSchema, place: string): Generator<Key> {
  for (const branch of schema.anyOf ?? []) yield* keysOf(branch, place);
  for (const [name, value] of Object.entries(schema.properties ?? {})) {
    const below = place === '' ? name : `${place}.${name}`;
    yield { place: below, schema: value, isRequired: schema.required?.includes(name) ?? false };
    if (!MODULES_ELSEWHERE.test(below)) yield* keysOf(value, below);
  }
  if (schema.items !== undefined) yield* keysOf(schema.items, `${place}[]`);
  if (typeof schema.additionalProperties === 'object')
    yield* keysOf(schema.additionalProperties, `${place}.<name>`);
}

const keys = [...keysOf(configJsonSchema(), '')];

it('the reference has a row for every key, and for no other', () => {
  assert(keys.length > 50, `only ${keys.length} keys were visited`);
  assert.deepEqual([...rows.keys()].toSorted(), keys.map(({ place }) => place).toSorted());
});

it('the reference says which keys are required, and the defaults of the others', () => {
  for (const { place, schema, isRequired } of keys) {
    const { fallback = '' } = rows.get(place) ?? {};
    assert.equal(fallback === 'required', isRequired, place);
    if (schema.default === undefined) assert.doesNotMatch(fallback, /`/, place);
    else assert.deepEqual(parse(fallback.replaceAll('`', '')), schema.default, place);
  }
});

it('the examples of the reference are good, apart from what each leaves out', () => {
  const blocks = [...`${REFERENCE}\n${MODULES}`.matchAll(/```yaml\n([^`]*)```/g)].map(([, text]) => text!);
  assert(blocks.length >= 8, `only ${blocks.length} examples were found`);
  for (const block of blocks) {
    const problems = shortProblems(parseConfig(block, 'portico.yaml'));
    const left = problems.filter(
      (problem) => !/"listen" is missing|there is no cluster|cannot read|needs a certificate/.test(problem),
    );
    assert.deepEqual(left, [], block);
  }
});
