import type { FieldReader } from './field-reader.ts';

/** All of `reader` as 16-bit values; undefined when it is empty or holds half a value. */
export function readUint16List(reader: FieldReader): number[] | undefined {
  if (reader.remaining === 0 || reader.remaining % 2 !== 0) return undefined;
  const values: number[] = [];
  while (reader.remaining > 0) values.push(reader.uint16());
  return values;
}

/** Reserved values 0x0A0A, 0x1A1A … 0xFAFA, which clients sprinkle in so that servers keep ignoring the unknown (RFC 8701). */
export function isGrease(value: number): boolean {
  return (value & 0x0f0f) === 0x0a0a && value >> 8 === (value & 0xff);
}
