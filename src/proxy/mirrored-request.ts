import { ForwardRequest } from '../core/upstream.ts';

/** A request as the second cluster gets it: as the first does, but for the field that tells a copy. */
export function mirroredRequest(request: ForwardRequest, cluster: string): ForwardRequest {
  const headers: string[] = [];
  for (let i = 0; i < request.headers.length; i += 2) {
    const name = request.headers[i]!;
    if (name !== MIRRORED_FROM) headers.push(name, request.headers[i + 1]!);
  }
  headers.push(MIRRORED_FROM, cluster);
  return new ForwardRequest(
    request.method,
    request.path,
    request.authority,
    headers,
    request.bodyLength,
    '',
    request.neverIndexed,
    false,
  );
}

/** Names the cluster that answers the original. */
const MIRRORED_FROM = 'x-mirrored-from';
