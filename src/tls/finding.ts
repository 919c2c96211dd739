/** A finding about one of several parts of a certificate's files; the caller knows which certificate it is. */
export interface Finding {
  readonly field: 'cert' | 'key';
  /** A sentence fragment for people, lower-case, without full stop. */
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
  /** With an error the certificate must not be served; a warning is only said. */
  readonly severity: 'error' | 'warning';
}
