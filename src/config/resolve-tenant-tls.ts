import type { FrontProtocol, TenantTlsSettings } from '../core/settings.ts';
import type { ClientAuthFiles } from './check-tenant-tls.ts';
import type { ProtocolEntry, TenantTlsEntry } from './config-file.ts';
import { PROFILES } from './tls-profile-names.ts';

/** Settings hold only what differs from the defaults, so that equal hosts are easily seen to be equal. */
export function resolveTenantTls(
  { protocols, profile, minVersion, maxVersion, curves, tickets, clientAuth, passthrough }: TenantTlsEntry,
  files: ClientAuthFiles | undefined,
): TenantTlsSettings {
  return {
    protocols: protocols.map(({ name }) => name),
    minVersion: minVersion ?? PROFILES[profile],
    maxVersion,
    ...ratesOf(protocols),
    ...(profile === 'intermediate' ? {} : { profile }),
    ...(curves === undefined ? {} : { curves }),
    ...(tickets ? {} : { tickets }),
    ...(passthrough === undefined ? {} : { passthrough }),
    // A file that could not be read has been complained of.
    ...(clientAuth === undefined
      ? {}
      : { clientAuth: { mode: clientAuth.mode, headers: clientAuth.headers, ...files! } }),
  };
}

function ratesOf(protocols: readonly ProtocolEntry[]): Pick<TenantTlsSettings, 'rates'> {
  const sampled = protocols.filter(({ rate }) => rate < 100);
  if (sampled.length === 0) return {};
  const rates: { [protocol in FrontProtocol]?: number } = {};
  for (const { name, rate } of sampled) rates[name] = rate;
  return { rates };
}
