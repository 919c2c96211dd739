import { Buffer } from 'node:buffer';
import type { Field } from '../support/http2-hpack-decoder.ts';
import { requestBlock } from '../support/http2-request-block.ts';
import { headers, PREFACE, settings, settingsAck } from '../support/http2-wire.ts';
import type { Ending, Step, Target } from './http2-session.ts';

/** A way to begin a session of HTTP/2 and break it off. */
export interface Http2Misdeed {
  readonly name: string;
  /** It makes the backend misbehave too, which those who share a connection to it feel. */
  readonly isContagious: boolean;
  readonly ending: Ending;
  steps(target: Target): readonly Step[];
}

/** What every client begins with. */
export const OPENING = Buffer.concat([PREFACE, settings(), settingsAck()]);

export function way(name: string, ending: Ending, steps: Http2Misdeed['steps']): Http2Misdeed {
  return { name, isContagious: false, ending, steps };
}

export function times(count: number, make: (i: number) => Buffer): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, i) => make(i)));
}

export function get(streamId: number, to: Target, path = '/', fields: readonly Field[] = []): Buffer {
  return headers(streamId, requestBlock({ ...to, path, fields }), { endStream: true });
}

/** With a body to come, of ten octets unless the fields say something else. */
export function post(
  streamId: number,
  to: Target,
  fields: readonly Field[] = [['content-length', '10']],
): Buffer {
  return headers(streamId, requestBlock({ ...to, method: 'POST', fields }));
}

/** A request whose header block goes on. */
export function open(streamId: number, to: Target): Buffer {
  return headers(streamId, requestBlock({ ...to }), { endStream: true, endHeaders: false });
}

export function tunnel(to: Target): Buffer {
  const fields: readonly Field[] = [
    [':protocol', 'websocket'],
    ['sec-websocket-version', '13'],
  ];
  return headers(1, requestBlock({ ...to, method: 'CONNECT', path: '/echo', fields }));
}
