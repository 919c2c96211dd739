import type { Buffer } from 'node:buffer';
import { plainBlock } from './http2-hpack.ts';
import type { Field } from './http2-hpack-decoder.ts';

export interface RequestWords {
  readonly method?: string;
  readonly scheme?: string;
  readonly path?: string;
  readonly authority?: string;
  /** Behind the pseudo-header fields. */
  readonly fields?: readonly Field[];
}

/** The field block of a request: GET / of shop.example, unless told otherwise. */
export function requestBlock({
  method = 'GET',
  scheme = 'http',
  path = '/',
  authority = 'shop.example',
  fields = [],
}: RequestWords = {}): Buffer {
  return plainBlock([
    [':method', method],
    [':scheme', scheme],
    [':path', path],
    [':authority', authority],
    ...fields,
  ]);
}
