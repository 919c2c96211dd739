/**
 * Streams that are relayed as they are. What goes through them is HTTP/1.1, because its clients and origins are the cheapest there
 * are; no relay knows. So the load generator can tell every answer that is wrong, and the proxy is what fills its core.
 */
import type { ClosedLoad } from '../load/load.ts';
import { MESSAGE_PATH, UPLOAD_PATH } from '../origin.ts';
import { SMALL_GET } from './keep-alive.ts';
import { contestantsWith, PLAIN_FRONT, ratioToNginx, type Scenario } from './scenario.ts';

/** Every peer that relays. */
export const EVERY_STREAM_PEER = contestantsWith({ ...PLAIN_FRONT, clients: 'stream' }, [
  'portico',
  'nginx',
  'haproxy',
  'node:net',
]);

/** Few streams, each of them as fast as it goes. */
const DOWN: ClosedLoad = { ...SMALL_GET, path: '/4m', connections: 8 };
const UP: ClosedLoad = {
  ...SMALL_GET,
  method: 'POST',
  path: UPLOAD_PATH,
  body: 'x'.repeat(4 * 1024 * 1024),
  connections: 8,
};
/** One of 44 octets to the origin, then one of 111 back, on 64 streams. */
const MESSAGES: ClosedLoad = { ...SMALL_GET, path: MESSAGE_PATH };

export const streams: readonly Scenario[] = [true, false].flatMap((tls): Scenario[] => {
  const [suffix, where] = tls ? ['', 'behind TLS'] : ['-plain', 'without TLS'];
  return [
    {
      id: `stream-down${suffix}`,
      title: `Stream ${where}, bulk from the origin`,
      measure: { kind: 'cpu', unit: 'GiB', load: { ...DOWN, tls } },
      contestants: EVERY_STREAM_PEER,
      judgements: ratioToNginx(1.2, 1),
    },
    {
      id: `stream-up${suffix}`,
      title: `Stream ${where}, bulk to the origin`,
      measure: { kind: 'cpu', unit: 'GiB', load: { ...UP, tls } },
      contestants: EVERY_STREAM_PEER,
      judgements: ratioToNginx(1.5, 1.2),
    },
    {
      id: `stream-messages${suffix}`,
      title: `Stream ${where}, a small message each way in turn on 64 streams`,
      measure: { kind: 'cpu', unit: 'round trip', load: { ...MESSAGES, tls } },
      contestants: EVERY_STREAM_PEER,
      judgements: ratioToNginx(1.7, 1.3),
    },
  ];
});
