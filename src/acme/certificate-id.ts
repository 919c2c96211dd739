import { X509Certificate } from 'node:crypto';
import { type DerNode, fromDer } from '../tls/der.ts';

/**
 * The name of a certificate in questions about its renewal (RFC 9773, section 4.1): the issuer's key identifier and the serial
 * number. Undefined for one that does not say whose key signed it. `cert`: PEM, leaf first.
 */
export function certificateId(cert: string): string | undefined {
  const certificate = fromDer(new X509Certificate(cert).raw);
  const [toBeSigned] = certificate.value as DerNode[];
  const fields = toBeSigned!.value as DerNode[];
  const extensions = ((fields.at(-1)!.value as DerNode[])[0]?.value ?? []) as DerNode[];
  for (const extension of extensions) {
    const [id, ...rest] = extension.value as DerNode[];
    if (id?.value !== AUTHORITY_KEY_IDENTIFIER) continue;
    const content = fromDer(Buffer.from(rest.at(-1)!.value as string, 'latin1')).value as DerNode[];
    const keyIdentifier = content.find(({ type }) => (type as number) === 0);
    if (keyIdentifier === undefined) return undefined;
    return `${base64url(keyIdentifier.value as string)}.${base64url(fields[1]!.value as string)}`;
  }
  return undefined;
}

/** 2.5.29.35, as DER has it. */
const AUTHORITY_KEY_IDENTIFIER = '\x55\x1d\x23';

function base64url(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('base64url');
}
