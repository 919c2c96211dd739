import { classifyName } from '../../protocols/tls/server-name.ts';

/** A name as certificates hold it. `name` is lower-case, without trailing dot; IPv6 in its canonical short form. */
export interface CertificateHost {
  readonly kind: 'dns' | 'wildcard' | 'ip';
  readonly name: string;
}

/**
 * Reads a host as it is written in configurations, on command lines and in certificates; undefined when no certificate
 * can be for it. A wildcard is one whole first label with two labels below it: clients accept nothing wider.
 */
export function parseCertificateHost(text: string): CertificateHost | undefined {
  const name = (text.endsWith('.') ? text.slice(0, -1) : text).toLowerCase();
  if (name.startsWith('*.')) {
    const base = name.slice(2);
    return classifyName(base) === 'dns' && base.includes('.') ? { kind: 'wildcard', name } : undefined;
  }
  switch (classifyName(name)) {
    case 'dns':
      return { kind: 'dns', name };
    case 'ip-literal':
      return { kind: 'ip', name: canonicalAddress(name) };
    case 'invalid':
      return undefined;
  }
}

/** Whether a certificate with these names is good for `host` (RFC 9525, section 6.3); all in the form of parseCertificateHost. */
export function isCovered(host: string, names: ReadonlySet<string>): boolean {
  if (names.has(host)) return true;
  const wildcard = wildcardOver(host);
  return wildcard !== undefined && names.has(wildcard);
}

/** `*.example.org` for `shop.example.org`: the only wildcard that can stand for a name, since it covers exactly one label. */
export function wildcardOver(name: string): string | undefined {
  const dot = name.indexOf('.');
  return dot > 0 && name[0] !== '*' ? `*${name.slice(dot)}` : undefined;
}

function canonicalAddress(address: string): string {
  return address.includes(':') ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address;
}
