import type { HeaderList } from './header-list.ts';
import { mediaType } from './media-type.ts';

/** Whether a response is a stream of events (HTML, section 9.2), which is silent as long as nothing happens. */
export function isEventStream(headers: HeaderList): boolean {
  return mediaType(headers) === 'text/event-stream';
}
