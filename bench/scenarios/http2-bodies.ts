/** HTTP/2 from the client: bodies, of which flow control is a part. */
import type { StreamLoad } from '../load/load.ts';
import { UPLOAD_PATH } from '../origin.ts';
import { EVERY_HTTP2_PEER, SMALL_STREAMS } from './http2.ts';
import { ratioToNginx, type Scenario } from './scenario.ts';

const MEDIUM: StreamLoad = { ...SMALL_STREAMS, path: '/64k', connections: 8, streams: 4 };
/** Few streams: what is cut off at the end of a sample has cost CPU and is not counted. */
const LARGE: StreamLoad = { ...SMALL_STREAMS, path: '/4m', connections: 4, streams: 2 };
/** What HTTP/2 begins with (RFC 9113, section 6.9.2), and what a client has that never set it. */
const LEAST_WINDOW_BITS = 16;

export const http2Bodies: readonly Scenario[] = [
  {
    id: 'h2-body-64k',
    title: 'HTTP/2 over TLS, 64 KiB response',
    measure: { kind: 'cpu', unit: 'request', load: MEDIUM },
    contestants: EVERY_HTTP2_PEER,
    judgements: ratioToNginx(1.6, 1.3),
  },
  {
    id: 'h2-body-4m',
    title: 'HTTP/2 over TLS, 4 MiB response',
    measure: { kind: 'cpu', unit: 'request', load: LARGE },
    contestants: EVERY_HTTP2_PEER,
    judgements: ratioToNginx(1.4, 1.2),
  },
  {
    id: 'h2-body-4m-window',
    title: 'HTTP/2 over TLS, 4 MiB response through windows of 64 KiB',
    measure: { kind: 'cpu', unit: 'request', load: { ...LARGE, windowBits: LEAST_WINDOW_BITS } },
    contestants: EVERY_HTTP2_PEER,
    judgements: ratioToNginx(1.4, 1.2),
  },
  {
    id: 'h2-post-64k',
    title: 'HTTP/2 over TLS, 64 KiB POST',
    measure: { kind: 'cpu', unit: 'request', load: upload(MEDIUM, 64 * 1024) },
    contestants: EVERY_HTTP2_PEER,
    judgements: ratioToNginx(1.6, 1.3),
  },
  {
    id: 'h2-post-4m',
    title: 'HTTP/2 over TLS, 4 MiB POST',
    measure: { kind: 'cpu', unit: 'request', load: upload(LARGE, 4 * 1024 * 1024) },
    contestants: EVERY_HTTP2_PEER,
    judgements: ratioToNginx(1.4, 1.2),
  },
];

function upload(load: StreamLoad, bytes: number): StreamLoad {
  return { ...load, method: 'POST', path: UPLOAD_PATH, body: 'x'.repeat(bytes) };
}
