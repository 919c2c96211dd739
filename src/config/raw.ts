/**
 * Looking into data that may have any shape. The checks that concern several values run on the file's data as written,
 * beside the schema rather than after it, so that one wrong value does not hide the others' problems. What has the wrong
 * shape reads as empty here: the schema complains about it.
 */

export function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function entriesOf(value: unknown): [string, unknown][] {
  return isMapping(value) ? Object.entries(value) : [];
}

/** The value of a key of a mapping; undefined for anything else. */
export function memberOf(mapping: unknown, key: string): unknown {
  return isMapping(mapping) && Object.hasOwn(mapping, key) ? mapping[key] : undefined;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
