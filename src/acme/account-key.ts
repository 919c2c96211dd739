import { createHash, createPrivateKey, type KeyObject } from 'node:crypto';
import { generateKey, keyToPem } from '../tls/private-key.ts';

/** The key that an account is known by (EC P-256), in the forms that ACME needs. */
export class AccountKey {
  readonly privateKey: KeyObject;
  /** The public part (RFC 7517), with its members in the order that the thumbprint wants. */
  readonly jwk: Readonly<Record<'crv' | 'kty' | 'x' | 'y', string>>;
  /** RFC 7638, with SHA-256. */
  readonly thumbprint: string;

  private constructor(privateKey: KeyObject) {
    this.privateKey = privateKey;
    const { crv, kty, x, y } = privateKey.export({ format: 'jwk' });
    if (kty !== 'EC' || crv !== 'P-256') throw new Error('the account key is not EC P-256');
    this.jwk = { crv, kty, x: x!, y: y! };
    this.thumbprint = createHash('sha256').update(JSON.stringify(this.jwk)).digest('base64url');
  }

  static create(): AccountKey {
    return new AccountKey(generateKey('ec'));
  }

  /** Throws when it is no private key, or of another kind. */
  static fromPem(pem: string): AccountKey {
    return new AccountKey(createPrivateKey(pem));
  }

  toPem(): string {
    return keyToPem(this.privateKey);
  }

  /** What proves to the CA that the answer to a challenge comes from the account (RFC 8555, section 8.1). */
  authorize(token: string): string {
    return `${token}.${this.thumbprint}`;
  }
}
