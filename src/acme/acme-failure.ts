/** Why a certificate could not be had: what happened, and what the operator may do about it. Thrown in this room only. */
export class AcmeFailure extends Error {
  override readonly name = 'AcmeFailure';
  readonly advice: string;
  /** The CA's own name for it, without its namespace, such as `rateLimited`; '' when it is not the CA that says no. */
  readonly problem: string;
  /** How long the CA wants to be left alone, ms. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, advice: string, problem = '', retryAfterMs?: number) {
    super(message);
    this.advice = advice;
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }
}

/** An answer that RFC 8555 does not allow. */
export function nonsense(what: string): AcmeFailure {
  return new AcmeFailure(
    `the CA's answer makes no sense: ${what}`,
    'check that acme.directory is the address of an ACME directory; else it is a fault of the CA, and is tried again',
  );
}
