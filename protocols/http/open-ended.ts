import type { HeaderList } from './header-list.ts';
import { mediaType } from './media-type.ts';

/**
 * Whether a response goes on for as long as there is something to say, and is silent between: a stream of events (HTML, section 9.2), or
 * what answers a call of gRPC or gRPC-Web.
 */
export function isOpenEnded(headers: HeaderList): boolean {
  const type = mediaType(headers);
  return type === 'text/event-stream' || /^application\/grpc(?:$|[-+])/.test(type);
}
