export interface AcmeRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  /** https only. */
  readonly url: string;
  /** A JWS as JSON; with POST, and only then. */
  readonly body: string | undefined;
}

export interface AcmeResponse {
  readonly status: number;
  /** Without parameters, lower-case; '' when there is none. */
  readonly contentType: string;
  /** The fields that ACME uses, as they came. */
  readonly location: string | undefined;
  readonly replayNonce: string | undefined;
  readonly retryAfter: string | undefined;
  readonly body: string;
}

/** One request to the CA, bounded in size and time. Rejects with an AcmeFailure when no whole answer comes. */
export type AcmeTransport = (request: AcmeRequest, signal: AbortSignal) => Promise<AcmeResponse>;
