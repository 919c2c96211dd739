/** `password`: another one may do; `content`: all of it was read, but it is not one key with its certificate. */
type Pkcs12FaultKind = 'password' | 'damaged' | 'unsupported' | 'costly' | 'content';

/** Why a PKCS #12 file is refused. The message is for people: a sentence fragment, lower-case, without full stop. */
export class Pkcs12Fault extends Error {
  readonly kind: Pkcs12FaultKind;
  /** What to do about it. */
  readonly hint: string | undefined;

  constructor(kind: Pkcs12FaultKind, message: string, hint?: string) {
    super(message);
    this.kind = kind;
    this.hint = hint;
  }
}

export function wrongPassword(): Pkcs12Fault {
  return new Pkcs12Fault('password', 'the password is wrong, or the file is damaged');
}

export function damaged(what: string): Pkcs12Fault {
  return new Pkcs12Fault('damaged', `this is no PKCS #12 file, or a damaged one: ${what}`);
}

export function unsupported(what: string): Pkcs12Fault {
  return new Pkcs12Fault(
    'unsupported',
    `the file is protected by ${what}, which is not read here`,
    'write it anew with what wrote it, protected by AES-256 and SHA-256',
  );
}
