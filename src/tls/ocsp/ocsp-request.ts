import type { X509Certificate } from 'node:crypto';
import { sequence, toDer } from '../der.ts';
import { certificateId, encodeCertificateId, SHA1 } from './certificate-id.ts';

/**
 * An OCSPRequest for one certificate (RFC 6960, section 4.1.1), in the lightweight form of RFC 5019: no nonce, so that responders may
 * answer with what they have signed beforehand; that an answer is new is seen from its dates.
 */
export function encodeOcspRequest(leaf: X509Certificate, issuer: X509Certificate): Buffer {
  const id = encodeCertificateId(certificateId(leaf, issuer, SHA1)!);
  return toDer(sequence(sequence(sequence(sequence(id)))));
}
