import { z } from 'zod';
import type { Path } from './problem.ts';
import { fileSchema } from './schema.ts';

/** The JSON Schema of the configuration file (draft 2020-12), made from the schema that validates it. */
export function configJsonSchema(): JsonSchema {
  cached ??= z.toJSONSchema(fileSchema, { io: 'input' }) as JsonSchema;
  return cached;
}

let cached: JsonSchema | undefined;

/** The parts of JSON Schema that the configuration's uses. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly enum?: readonly unknown[];
}

/** The keys that the mapping at `path` may have; none when it has no fixed keys. */
export function keysAt(path: Path): string[] {
  let schema: JsonSchema | undefined = configJsonSchema();
  for (const part of path) {
    if (typeof part === 'number') schema = withKey(schema, 'items')?.items;
    else schema = withKey(schema, 'properties')?.properties?.[part] ?? namedSchema(schema);
  }
  return Object.keys(withKey(schema, 'properties')?.properties ?? {});
}

/** A choice between a word and a mapping (or list) has only one branch that can be gone into. */
function withKey(schema: JsonSchema | undefined, key: 'properties' | 'items'): JsonSchema | undefined {
  return schema?.anyOf?.find((branch) => branch[key] !== undefined) ?? schema;
}

function namedSchema(schema: JsonSchema | undefined): JsonSchema | undefined {
  const named = schema?.additionalProperties;
  return typeof named === 'object' ? named : undefined;
}
