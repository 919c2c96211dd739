import { type CertificateHost, parseCertificateHost } from '../tls/certificate-host.ts';

/** All hosts, each once, or a sentence with a hint about the first that cannot be certified. */
export function readHosts(command: string, texts: readonly string[]): CertificateHost[] | string {
  if (texts.length === 0) return `certs ${command} needs at least one host`;
  const hosts = new Map<string, CertificateHost>();
  for (const text of texts) {
    const host = parseCertificateHost(text);
    if (host === undefined) return `no certificate can be for ${JSON.stringify(text)}: ${hintFor(text)}`;
    hosts.set(host.name, host);
  }
  return [...hosts.values()];
}

function hintFor(text: string): string {
  if (text.includes('://')) return 'give the host alone, without scheme and path';
  if (/^[^:]+:\d+$/.test(text) || text.startsWith('['))
    return 'give the host alone, without port and brackets';
  if (/[^\x20-\x7e]/.test(text)) return 'write international names in their ASCII form (xn--…)';
  if (text.includes('*'))
    return 'a wildcard is one whole first label over at least two more, as in *.example.org';
  return 'it is neither a DNS name nor an IP address';
}
