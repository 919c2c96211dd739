import { verify, X509Certificate } from 'node:crypto';
import { certificateId } from './certificate-id.ts';
import { decodeOcspResponse, type OcspAnswer, type OcspResponse } from './ocsp-response.ts';

/** What a response that can be believed says of a certificate. Times are milliseconds since the epoch. */
export interface OcspVerdict {
  readonly status: 'good' | 'revoked' | 'unknown';
  readonly thisUpdate: number;
  /** When it must not be used any more. */
  readonly until: number;
}

/**
 * Judges an OCSP response for `leaf` as a client will (RFC 6960, section 3.2): signed by the issuer, or by whom the issuer has
 * given a certificate for that; about this certificate; and of these days. Returns the reason where it cannot be believed. Never throws.
 */
export function judgeOcspResponse(
  der: Uint8Array,
  leaf: X509Certificate,
  issuer: X509Certificate,
  now: number,
): OcspVerdict | string {
  const response = decodeOcspResponse(der);
  if (typeof response === 'string') return response;
  const answer = response.answers.find((candidate) => isAbout(candidate, leaf, issuer));
  if (answer === undefined) return 'it is about another certificate';
  const algorithm = SIGNATURES.get(response.signatureAlgorithm);
  if (algorithm === undefined)
    return `it is signed with ${response.signatureAlgorithm}, which is not known or broken`;
  const isSigned = signers(response, issuer, now).some((signer) => isSignedBy(response, algorithm, signer));
  if (!isSigned) return 'it is signed neither by the issuer nor by a responder of the issuer';
  if (answer.thisUpdate > now + CLOCK_SKEW_MS)
    return 'it is of the future: is the clock of this machine right?';
  const until = answer.nextUpdate ?? answer.thisUpdate + UNBOUNDED_MS;
  if (until <= now) return 'it has expired';
  return { status: answer.status, thisUpdate: answer.thisUpdate, until };
}

/** Clocks of responders and of ours may differ by this. */
const CLOCK_SKEW_MS = 5 * 60_000;
/** How long a response is used that does not say how long it holds. */
const UNBOUNDED_MS = 60 * 60_000;

/** Signature algorithm → hash for node:crypto; `null`: the algorithm has its own. What has SHA-1 or MD5 in it proves nothing. */
const SIGNATURES: ReadonlyMap<string, string | null> = new Map([
  ['1.2.840.113549.1.1.11', 'sha256'],
  ['1.2.840.113549.1.1.12', 'sha384'],
  ['1.2.840.113549.1.1.13', 'sha512'],
  ['1.2.840.10045.4.3.2', 'sha256'],
  ['1.2.840.10045.4.3.3', 'sha384'],
  ['1.2.840.10045.4.3.4', 'sha512'],
  ['1.3.101.112', null],
]);

/** id-kp-OCSPSigning. */
const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9';

function isAbout({ hash, id }: OcspAnswer, leaf: X509Certificate, issuer: X509Certificate): boolean {
  const expected = certificateId(leaf, issuer, hash);
  return (
    expected !== undefined &&
    expected.serial === id.serial &&
    expected.issuerNameHash.equals(id.issuerNameHash) &&
    expected.issuerKeyHash.equals(id.issuerKeyHash)
  );
}

/** The issuer, and those in the response whom the issuer itself has made responders (section 4.2.2.2). */
function signers({ certificates }: OcspResponse, issuer: X509Certificate, now: number): X509Certificate[] {
  const found = [issuer];
  for (const der of certificates) {
    try {
      const candidate = new X509Certificate(der);
      const isCurrent =
        candidate.validFromDate.getTime() <= now + CLOCK_SKEW_MS && candidate.validToDate.getTime() > now;
      const isAppointed =
        candidate.keyUsage?.includes(OCSP_SIGNING) === true &&
        candidate.checkIssued(issuer) &&
        candidate.verify(issuer.publicKey);
      if (isCurrent && isAppointed) found.push(candidate);
    } catch {
      // Not a certificate that could sign anything.
    }
  }
  return found;
}

function isSignedBy(
  { signed, signature }: OcspResponse,
  algorithm: string | null,
  { publicKey }: X509Certificate,
): boolean {
  try {
    return verify(algorithm, signed, publicKey, signature);
  } catch {
    // A key of another kind than the algorithm is for.
    return false;
  }
}
