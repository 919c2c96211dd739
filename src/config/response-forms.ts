import { type Refusal, refuse, refuseValue } from './leaf.ts';

/** Where a redirect may lead. What is not http(s) or a path (`javascript:`, `//host`) is refused. */
export function readRedirectTarget(value: unknown): string | Refusal {
  const expected = 'an http or https URL, or a path such as /new';
  if (typeof value !== 'string') return refuseValue(expected, value);
  if (!/^[\x21-\x7e]+$/.test(value)) {
    return refuseValue(expected, value, 'percent-encode spaces and non-ASCII characters');
  }
  if (value.startsWith('//')) return refuseValue(expected, value, `name the scheme: https:${value}`);
  if (value.startsWith('/')) return value;
  const isWeb = /^https?:\/\/[^/?#]/i.test(value) && URL.canParse(value);
  return isWeb ? value : refuseValue(expected, value);
}

/** A field value (RFC 9110, section 5.5), latin-1, without surrounding white space. */
export function readHeaderValue(value: unknown): string | Refusal {
  if (typeof value !== 'string') {
    const isWord = typeof value === 'number' || typeof value === 'boolean';
    return refuseValue('a header value', value, isWord ? `put it in quotes: "${value}"` : undefined);
  }
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
    return refuseValue('a header value without line breaks', value);
  return value.trim();
}

/** Why a field cannot be set by a route; undefined when it can. */
export function headerNameFault(name: string): string | undefined {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return `${JSON.stringify(name)} is not a header name`;
  return RESERVED.has(name.toLowerCase()) ? `${JSON.stringify(name)} is set by Portico itself` : undefined;
}

/** Framing and hop-by-hop fields describe the message that carries them: the writer's business alone. */
const RESERVED: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-request-id',
]);

/** Whether a response with this status never has a body (RFC 9110, section 6.4.1). */
export function isBodiless(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

export function bodilessFault(status: number): Refusal {
  return refuse(`a ${status} answer has no body`, 'leave body out');
}
