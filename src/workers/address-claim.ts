import { createServer } from 'node:net';
import type { AddressSettings, Settings } from '../core/settings.ts';
import { findPortOwner } from './port-owner.ts';

/**
 * Which addresses the workers may open, found out before any of them tries: with reusePort a second Portico would
 * silently share the port of a first one, and each worker would report the same failure for itself.
 */
export type ClaimOutcome =
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly reasons: readonly string[] };

/**
 * Binds every listen address once, alone, and lets go of it. Port 0 is replaced by the free port that was found, the same
 * for all workers. Addresses of `held` are ours already: they are not tried, and a port found earlier is kept.
 */
export async function claimAddresses(settings: Settings, held: Settings | undefined): Promise<ClaimOutcome> {
  const reasons: string[] = [];
  const listeners: Settings['listeners'][number][] = [];
  // Each is kept for one: several listeners may ask for port 0 in the same words.
  const kept = [...(held?.listeners ?? [])];
  for (const listener of settings.listeners) {
    const at = kept.findIndex((other) => isSameAddress(listener, other));
    const [ours] = at < 0 ? [] : kept.splice(at, 1);
    if (ours !== undefined) {
      listeners.push({ ...listener, port: ours.port });
      continue;
    }
    const found = await tryAddress(listener);
    if (typeof found === 'number') listeners.push({ ...listener, port: found });
    else reasons.push(explainListenFailure(listener.text, listener.port, found));
  }
  return reasons.length > 0 ? { ok: false, reasons } : { ok: true, settings: { ...settings, listeners } };
}

/** What to tell a person whose address could not be had. */
export function explainListenFailure(text: string, port: number, error: NodeJS.ErrnoException): string {
  const sentence = `cannot listen on ${text}`;
  switch (error.code) {
    case 'EADDRINUSE': {
      const owner = findPortOwner(port);
      const by = owner === undefined ? 'another process' : `process ${owner.pid} (${owner.command})`;
      return `${sentence}: port ${port} is taken by ${by}. Stop it, or choose another port in the configuration.`;
    }
    case 'EACCES':
      return `${sentence}: this user may not open port ${port}. Choose one above 1023, or grant CAP_NET_BIND_SERVICE.`;
    case 'EADDRNOTAVAIL':
      return `${sentence}: this machine does not have that address.`;
    case 'ENOTFOUND':
      return `${sentence}: that host name is unknown.`;
    default:
      return `${sentence}: ${error.message}`;
  }
}

/** Whether several processes may each open the same port and share its connections (Linux, some BSDs; not macOS, Windows). */
export async function canReusePort(): Promise<boolean> {
  const found = await bindOnce('127.0.0.1', 0, true);
  return typeof found === 'number';
}

function isSameAddress(wanted: AddressSettings, held: AddressSettings): boolean {
  if (wanted.host !== held.host) return false;
  return wanted.port === 0 ? wanted.text === held.text : wanted.port === held.port;
}

async function tryAddress({ host, port }: AddressSettings): Promise<number | NodeJS.ErrnoException> {
  const found = await bindOnce(host, port, false);
  // All interfaces means IPv4 alone where there is no IPv6.
  if (typeof found !== 'number' && found.code === 'EAFNOSUPPORT' && host === '::') {
    return bindOnce('0.0.0.0', port, false);
  }
  return found;
}

function bindOnce(host: string, port: number, reusePort: boolean): Promise<number | NodeJS.ErrnoException> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ host, port, reusePort, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port));
    });
  });
}
