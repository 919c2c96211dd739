import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';

/**
 * Whether a browser was led to the admin address by a page that is not ours. The address has no password because only
 * this machine (or an operator's network) can reach it, but the browser of somebody on that machine can as well, on
 * behalf of any page it shows:
 *
 * - a form or fetch of a foreign page: its Origin is not our Host;
 * - DNS rebinding: the page's own name is made to point here, so Origin and Host agree. A name that we do not know is
 *   refused where only browsers can be deceived by one: for changes, and on loopback for everything.
 *
 * Programs send no Origin; a scraper may use any name for an address that is not loopback. What names no host at all, as health checks
 * of HTTP/1.0 do, comes from no browser.
 */
export function isForeign(headers: IncomingHttpHeaders, method: string, listenHost: string): boolean {
  if (headers.host === undefined) return headers.origin !== undefined;
  const host = hostName(headers.host);
  const isRead = method === 'GET' || method === 'HEAD';
  if (isLoopback(listenHost) && !isKnownName(host, listenHost)) return true;
  if (isRead) return false;
  const { origin } = headers;
  if (origin !== undefined) return origin !== `http://${headers.host}` || !isKnownName(host, listenHost);
  const site = headers['sec-fetch-site'];
  return site !== undefined && site !== 'same-origin' && site !== 'none';
}

function isKnownName(host: string, listenHost: string): boolean {
  return host === 'localhost' || host === listenHost || isIP(host) !== 0;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

/** Of a Host field: without port and brackets, lower-case. */
function hostName(authority: string): string {
  return authority
    .replace(/:\d*$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
}
