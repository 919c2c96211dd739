import { X509Certificate } from 'node:crypto';
import type { Finding } from './finding.ts';
import { splitPem } from './pem.ts';

/** The certificates of a PEM file in its order, or what is wrong with it. `parsed`: those that other files had behind the first. */
export function readChain(
  pem: string,
  parsed: Map<string, X509Certificate>,
): X509Certificate[] | Omit<Finding, 'field'> {
  const blocks = splitPem(pem, 'CERTIFICATE');
  const error = (message: string) => ({ message, severity: 'error' as const });
  if (blocks.length === 0) {
    const isKey = pem.includes('PRIVATE KEY-----');
    return error(`the file holds ${isKey ? 'a private key but ' : ''}no certificate in PEM`);
  }
  const chain: X509Certificate[] = [];
  for (const [index, block] of blocks.entries()) {
    try {
      const certificate = parsed.get(block) ?? new X509Certificate(block);
      if (index > 0) parsed.set(block, certificate);
      chain.push(certificate);
    } catch {
      return error(`certificate ${index + 1} of the file cannot be read`);
    }
  }
  return chain;
}

/** The first certificate of a PEM text; undefined: it cannot be read. */
export function readLeaf(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(splitPem(pem, 'CERTIFICATE')[0] ?? '');
  } catch {
    return undefined;
  }
}
