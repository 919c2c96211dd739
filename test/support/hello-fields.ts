import type { Buffer } from 'node:buffer';

/** A length that a ClientHello states somewhere. */
export interface LengthField {
  readonly name: string;
  readonly at: number;
  /** Octets. */
  readonly size: 1 | 2 | 3;
}

/** Every length in a whole and right ClientHello that fills one record, from the record's down to those inside known extensions. */
export function lengthFields(wire: Buffer): LengthField[] {
  const fields: LengthField[] = [];
  let at = 0;
  const length = (name: string, size: 1 | 2 | 3): number => {
    fields.push({ name, at, size });
    const value = wire.readUIntBE(at, size);
    at += size;
    return value;
  };
  const skip = (octets: number): void => {
    at += octets;
  };
  at = 3;
  length('record', 2);
  at += 1;
  length('message', 3);
  at += 2 + 32;
  skip(length('session id', 1));
  skip(length('cipher suites', 2));
  skip(length('compression methods', 1));
  length('extensions', 2);
  while (at < wire.length) {
    const type = wire.readUInt16BE(at);
    at += 2;
    const bytes = length(`extension ${type}`, 2);
    const end = at + bytes;
    for (const [name, size, skip] of INNER.get(type) ?? []) {
      if (at + skip + size > end) break;
      at += skip;
      length(`${name} of extension ${type}`, size);
    }
    at = end;
  }
  return fields;
}

/** By type of extension: lengths one behind the other, and what lies between one and the next. */
const INNER: ReadonlyMap<number, readonly (readonly [name: string, size: 1 | 2 | 3, skip: number])[]> =
  new Map([
    [
      0,
      [
        ['list', 2, 0],
        ['name', 2, 1],
      ],
    ],
    [10, [['list', 2, 0]]],
    [13, [['list', 2, 0]]],
    [
      16,
      [
        ['list', 2, 0],
        ['first name', 1, 0],
      ],
    ],
    [43, [['list', 1, 0]]],
    [45, [['list', 1, 0]]],
    [
      51,
      [
        ['list', 2, 0],
        ['first share', 2, 2],
      ],
    ],
  ]);
