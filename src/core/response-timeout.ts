import { isGrpc } from '../../protocols/http/grpc.ts';
import { grpcTimeoutMs } from '../../protocols/http/grpc-timeout.ts';
import { headerValue } from '../../protocols/http/header-list.ts';
import type { RequestHead } from '../../protocols/http/message.ts';
import { LONGEST_DELAY_MS } from './longest-delay.ts';
import type { UpstreamTimeouts } from './settings.ts';

/**
 * How long the head of the response to a request may take, in milliseconds: `responseHeader`, or until the deadline of a gRPC call
 * (`grpc-timeout`) where that is later, because a call that streams may rightly begin to answer late.
 *
 * A deadline that is earlier changes nothing: the client ends its call itself, and that blames nobody, whereas our timeout counts
 * against the instance. A client that asks for `1n` must not be able to have healthy instances ejected.
 */
export function responseTimeoutMs(head: RequestHead, { responseHeaderMs }: UpstreamTimeouts): number {
  // gRPC is always POST: other requests are not searched for its fields.
  if (head.method !== 'POST') return responseHeaderMs;
  const value = headerValue(head.headers, 'grpc-timeout');
  if (value === undefined || !isGrpc(head.headers)) return responseHeaderMs;
  // `99999999H` would be eleven thousand years.
  return Math.max(responseHeaderMs, Math.min(grpcTimeoutMs(value) ?? 0, LONGEST_DELAY_MS));
}

/** The timeouts of a cluster as they hold for one request. */
export function timeoutsFor(head: RequestHead, timeouts: UpstreamTimeouts): UpstreamTimeouts {
  const responseHeaderMs = responseTimeoutMs(head, timeouts);
  return responseHeaderMs === timeouts.responseHeaderMs ? timeouts : { ...timeouts, responseHeaderMs };
}
