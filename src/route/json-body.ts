import { type HeaderList, headerValue } from '../../protocols/http/header-list.ts';
import { mediaType } from '../../protocols/http/media-type.ts';
import type { RequestHead } from '../../protocols/http/message.ts';
import { toOctets } from './condition/octet-text.ts';

/** What conditions see of a body. */
export interface SeenBody {
  /** Undefined: it is larger than what is waited for. */
  readonly whole: Uint8Array | undefined;
}

/**
 * Whether a body is there that says that it is JSON (RFC 8259; RFC 6839, section 3.1), and can be read as it comes. Messages of gRPC are
 * framed, whatever is in them, and a tunnel has no end.
 */
export function saysJson(
  { bodyLength, upgrade }: Pick<RequestHead, 'bodyLength' | 'upgrade'>,
  headers: HeaderList,
): boolean {
  if (bodyLength === 0 || upgrade !== '') return false;
  const type = mediaType(headers);
  if (!/^application\/(?:json|[\w.!#$&^-]+\+json)$/.test(type)) return false;
  if (type.startsWith('application/grpc')) return false;
  const coding = headerValue(headers, 'content-encoding');
  return coding === undefined || coding.toLowerCase() === 'identity';
}

/** A body read as JSON. What is none, or larger than what is waited for, has no values. */
export class JsonBody {
  readonly #root: unknown;

  constructor({ whole }: SeenBody) {
    this.#root = whole === undefined ? undefined : parse(whole);
  }

  /**
   * The text, number, `true`, `false` or `null` at a path such as `user.roles.0`, in octets; undefined where there is none, or an
   * object or list. Integers that a program would round are none: they would pass for another.
   */
  value(path: string): string | undefined {
    let value = this.#root;
    for (const name of path.split('.')) {
      if (typeof value !== 'object' || value === null) return undefined;
      // Lists have members that are not of the body, `length` for one.
      if (Array.isArray(value) ? !INDEX.test(name) : !Object.hasOwn(value, name)) return undefined;
      value = (value as Readonly<Record<string, unknown>>)[name];
    }
    if (typeof value === 'string') return toOctets(value);
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) return undefined;
    return value === undefined || (typeof value === 'object' && value !== null) ? undefined : String(value);
  }
}

const INDEX = /^(?:0|[1-9]\d*)$/;

/** Undefined for what is no JSON in UTF-8. Bounded by the bytes that are waited for, whatever is nested in it. */
function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(UTF_8.decode(bytes));
  } catch {
    return undefined;
  }
}

/** A byte order mark stays, and is no JSON. */
const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
