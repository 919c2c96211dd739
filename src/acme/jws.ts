import { sign } from 'node:crypto';
import type { AccountKey } from './account-key.ts';

/** What a signed request says of itself (RFC 8555, section 6.2). */
export interface JwsHeader {
  readonly nonce: string;
  readonly url: string;
  /** The account's address; undefined: the key itself is shown, which only the request for an account may do. */
  readonly kid: string | undefined;
}

/** A request, signed with ES256, in the flattened JSON form of RFC 7515. `payload` undefined: a question (POST-as-GET). */
export function signRequest(payload: object | undefined, header: JwsHeader, key: AccountKey): string {
  const { nonce, url, kid } = header;
  const identity = kid === undefined ? { jwk: key.jwk } : { kid };
  const protectedPart = encode({ alg: 'ES256', nonce, url, ...identity });
  const payloadPart = payload === undefined ? '' : encode(payload);
  const signature = sign('sha256', Buffer.from(`${protectedPart}.${payloadPart}`), {
    key: key.privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  return JSON.stringify({
    protected: protectedPart,
    payload: payloadPart,
    signature: signature.toString('base64url'),
  });
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
