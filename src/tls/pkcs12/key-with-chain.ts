import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { IssuedPair } from '../local-authority.ts';
import { encodePem } from '../pem.ts';
import { keyToPem } from '../private-key.ts';
import { damaged, Pkcs12Fault } from './fault.ts';
import type { Pkcs12Contents } from './read-pkcs12.ts';

export interface KeyWithChain extends IssuedPair {
  /** Subjects of certificates that do not belong to the chain, and of the root, which clients have or do not trust. */
  readonly leftOut: readonly string[];
}

/**
 * The one key of a PKCS #12 file with its certificates in the order in which a server sends them; the file has them in any order.
 * Throws a Pkcs12Fault when there is not exactly one key with a certificate.
 */
export function keyWithChain({ keys, certificates }: Pkcs12Contents): KeyWithChain {
  if (keys.length === 0) {
    throw new Pkcs12Fault(
      'content',
      `the file holds ${certificates.length === 0 ? 'neither key nor certificate' : 'certificates, but no key'}`,
      'export it again together with the private key',
    );
  }
  const parsed = certificates.map(readCertificate);
  const pairs = keys.flatMap(({ der, name }) => {
    const key = readKey(der);
    const leaf = parsed.find((certificate) => isKeyOf(key, certificate));
    return leaf === undefined ? [] : [{ key, name, leaf }];
  });
  const [pair, ...others] = pairs;
  if (pair === undefined) {
    throw new Pkcs12Fault(
      'content',
      'the file holds a key, but no certificate for it',
      'export it again together with its certificate',
    );
  }
  if (others.length > 0) {
    const names = pairs.map(({ name, leaf }) => name || oneLine(leaf.subject)).join(', ');
    throw new Pkcs12Fault(
      'content',
      `the file holds ${pairs.length} keys with certificates: ${names}`,
      'take one out into a file of its own: keytool -importkeystore -srckeystore FILE -srcalias NAME -destkeystore NEW.p12',
    );
  }
  const chain = orderChain(pair.leaf, parsed);
  return {
    cert: chain.map((certificate) => encodePem('CERTIFICATE', certificate.raw)).join(''),
    key: keyToPem(pair.key),
    leftOut: parsed.filter((one) => !chain.includes(one)).map(({ subject }) => oneLine(subject)),
  };
}

/** From `leaf` up to the last one that is not a root; each must have signed the one before it. */
function orderChain(leaf: X509Certificate, certificates: readonly X509Certificate[]): X509Certificate[] {
  const chain = [leaf];
  while (true) {
    const last = chain.at(-1)!;
    const issuer = certificates.find(
      (one) => !chain.includes(one) && one.subject !== one.issuer && isIssuedBy(last, one),
    );
    if (issuer === undefined) return chain;
    chain.push(issuer);
  }
}

// OpenSSL throws on keys that it does not know.

function isKeyOf(key: KeyObject, certificate: X509Certificate): boolean {
  try {
    return certificate.checkPrivateKey(key);
  } catch {
    return false;
  }
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

function readCertificate(der: Buffer): X509Certificate {
  try {
    return new X509Certificate(der);
  } catch {
    throw damaged('a certificate cannot be read');
  }
}

function readKey(der: Buffer): KeyObject {
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } catch {
    // The cause could quote the key.
    throw damaged('a key cannot be read');
  }
}

function oneLine(distinguishedName: string): string {
  return distinguishedName.replaceAll('\n', ', ');
}
