import { encodeRequestBlock } from '../../protocols/http1/writer.ts';
import type { ForwardRequest } from '../core/upstream.ts';

/** Request line and fields of a request, encoded once. */
export function http1Block(request: ForwardRequest): string {
  if (request.http1Block === '') {
    request.http1Block = encodeRequestBlock(request.method, request.path, request.authority, request.headers);
  }
  return request.http1Block;
}
