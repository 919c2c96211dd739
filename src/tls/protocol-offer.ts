import type { ClientHello } from '../../protocols/tls/client-hello-message.ts';
import { addressOctets } from '../core/address-octets.ts';
import { murmur3 } from '../core/murmur3.ts';
import type { TenantTlsSettings } from '../core/settings.ts';

type Protocol = TenantTlsSettings['protocols'][number];

/** What of a ClientHello says whether HTTP/2 may be spoken. */
type HelloFacts = Pick<ClientHello, 'versions' | 'cipherSuites'>;

/** The protocols of a host that this client is offered, in the order of preference. */
export function offeredProtocols(
  settings: TenantTlsSettings,
  hello: HelloFacts,
  remoteAddress: string,
): readonly Protocol[] {
  const { protocols, rates, profile } = settings;
  if (rates === undefined && profile !== 'old') return protocols;
  const mayHttp2 = profile !== 'old' || maySpeakHttp2(settings, hello);
  return protocols.filter(
    (protocol) => isSampled(remoteAddress, rates?.[protocol]) && (mayHttp2 || protocol !== 'h2'),
  );
}

/** The same for every connection of an address, so that a browser is not served by one protocol today and another tomorrow. */
function isSampled(address: string, rate = 100): boolean {
  return rate === 100 || murmur3(addressOctets(address)) % 100 < rate;
}

/**
 * HTTP/2 wants TLS 1.2 at least, and there none of the suites that only the profile `old` has (RFC 9113, section 9.2). The
 * server's order puts those last, so a client that offers one of the others does not get them.
 */
function maySpeakHttp2({ maxVersion }: TenantTlsSettings, { versions, cipherSuites }: HelloFacts): boolean {
  if (maxVersion === '1.3' && versions.includes(TLS_1_3)) return true;
  if (maxVersion === '1.0' || maxVersion === '1.1' || !versions.includes(TLS_1_2)) return false;
  return cipherSuites.some((suite) => HTTP2_SUITES.has(suite));
}

const TLS_1_2 = 0x0303;
const TLS_1_3 = 0x0304;

/** ECDHE with AES-GCM (RFC 5289) or ChaCha20 (RFC 7905). */
const HTTP2_SUITES: ReadonlySet<number> = new Set([0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9]);
