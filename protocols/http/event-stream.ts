import { type HeaderList, headerValue } from './header-list.ts';

/** Whether a response is a stream of events (HTML, section 9.2), which is silent as long as nothing happens. */
export function isEventStream(headers: HeaderList): boolean {
  const [type] = (headerValue(headers, 'content-type') ?? '').split(';', 1) as [string];
  return type.trim().toLowerCase() === 'text/event-stream';
}
