import assert from 'node:assert/strict';
import { it } from 'node:test';
import { runSchema } from '../../../src/cli/schema.ts';
import type { JsonSchema } from '../../../src/config/json-schema.ts';

/** What `portico schema` prints. */
function printedSchema(): JsonSchema & { readonly $schema?: string } {
  let printed = '';
  const code = runSchema({ write: (text) => (printed += text) });
  assert.equal(code, 0);
  return JSON.parse(printed);
}

/** Every schema below, with its place. */
function* parts(schema: JsonSchema, place: string): Generator<[string, JsonSchema]> {
  yield [place, schema];
  for (const branch of schema.anyOf ?? []) yield* parts(branch, place);
  for (const [key, value] of Object.entries(schema.properties ?? {})) yield* parts(value, `${place}.${key}`);
  if (schema.items !== undefined) yield* parts(schema.items, `${place}[]`);
  if (typeof schema.additionalProperties === 'object')
    yield* parts(schema.additionalProperties, `${place}.<name>`);
}

it('the schema is JSON Schema, whole enough for an editor to complete and to object', () => {
  const schema = printedSchema();

  assert.equal(schema.$schema, 'https://json-schema.org/draft/2020-12/schema');
  assert.equal(schema.additionalProperties, false);
  assert.deepEqual(schema.required, ['listen']);
  const { drain, listen } = schema.properties ?? {};
  assert.equal(drain?.default, '10s');
  assert.equal(listen?.items?.required?.[0], 'address');
});

it('the schema describes every key', () => {
  let keys = 0;
  for (const [place, { properties = {} }] of parts(printedSchema(), '')) {
    for (const [key, value] of Object.entries(properties)) {
      keys++;
      assert.match(value.description ?? '', /^.{10,}\.$/, `${place}.${key}`);
    }
  }
  assert(keys > 50, `only ${keys} keys were visited`);
});

it('the schema says of which kind every value is', () => {
  for (const [place, schema] of parts(printedSchema(), '')) {
    // What a module of somebody else takes is for that one to say.
    if (/modules\[\]\.with\.<name>$/.test(place)) continue;
    const isKnown = ['type', 'enum', 'anyOf', 'const'].some((word) => word in schema);
    assert(isKnown, `${place}: ${JSON.stringify(schema)}`);
  }
});
