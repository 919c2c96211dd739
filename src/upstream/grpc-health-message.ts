import { Buffer } from 'node:buffer';

/** Far more than an answer of grpc.health.v1 has, which is seven octets; room for fields that it may get. */
export const MAX_ANSWER_BYTES = 1024;

/**
 * A message `grpc.health.v1.HealthCheckRequest` as gRPC frames it: a flag (0: not compressed), the length in four octets, and the name of
 * the service as field 1. The name of the whole server is '', which is not written.
 */
export function encodeCheckRequest(service: string): Buffer {
  const name = Buffer.from(service);
  const field = name.length === 0 ? [] : [FIELD_1_TEXT, ...varint(name.length), ...name];
  const message = Buffer.alloc(PREFIX_BYTES + field.length);
  message.writeUInt32BE(field.length, 1);
  message.set(field, PREFIX_BYTES);
  return message;
}

/**
 * Whether `bytes` are exactly one framed `HealthCheckResponse` that says SERVING. Unknown fields are passed over, as protobuf demands; what
 * is not protobuf is no.
 */
export function saysServing(bytes: Buffer): boolean {
  if (bytes.length < PREFIX_BYTES || bytes[0] !== 0) return false;
  if (bytes.readUInt32BE(1) !== bytes.length - PREFIX_BYTES) return false;
  const reader = new FieldReader(bytes, PREFIX_BYTES);
  let status = 0;
  while (!reader.isAtEnd) {
    const tag = reader.varint();
    // Of a field that comes twice the last one counts.
    if (tag === FIELD_1_NUMBER) status = reader.varint();
    else if (tag < 8 || !reader.skip(tag % 8)) return false;
  }
  return !reader.isBroken && status === SERVING;
}

/** Flag and length. */
const PREFIX_BYTES = 5;
/** Field 1 of wire type 2 (length, octets) and of wire type 0 (number). */
const FIELD_1_TEXT = 0x0a;
const FIELD_1_NUMBER = 0x08;
const SERVING = 1;

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}

/** Goes over the fields of a message; what goes beyond its end breaks it, and ends it. */
class FieldReader {
  readonly #bytes: Buffer;
  #at: number;
  isBroken = false;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** At most ten octets; exact below 2^53, which is all that is compared here. */
  varint(): number {
    let value = 0;
    for (let i = 0; i < 10 && !this.isAtEnd; i++) {
      const octet = this.#bytes[this.#at++]!;
      value += (octet & 127) * 2 ** (7 * i);
      if (octet < 128) return value;
    }
    this.#break();
    return 0;
  }

  /** Passes over the value of a field; false: there is none of that wire type. */
  skip(wireType: number): boolean {
    if (wireType === 0) this.varint();
    else if (wireType === 1) this.#at += 8;
    else if (wireType === 2) {
      const length = this.varint();
      this.#at += length;
    } else if (wireType === 5) this.#at += 4;
    else return false;
    if (this.#at > this.#bytes.length) this.#break();
    return true;
  }

  #break(): void {
    this.isBroken = true;
    this.#at = this.#bytes.length;
  }
}
