import { type HeaderList, headerValue } from './header-list.ts';

/** Type and subtype of what a message carries, in lower case and without parameters (RFC 9110, section 8.3.1); '' where it does not say. */
export function mediaType(headers: HeaderList): string {
  const [type = ''] = (headerValue(headers, 'content-type') ?? '').split(';', 1);
  return type.replace(/[ \t]+$/, '').toLowerCase();
}
