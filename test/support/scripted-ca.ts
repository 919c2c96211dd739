import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import type { AcmeRequest, AcmeResponse, AcmeTransport } from '../../src/acme/transport.ts';
import { issueForRequest } from './signing-request-issuer.ts';

const BASE = 'https://ca.example';

/** What a test may change of an answer before it is sent; undefined leaves it. */
export type Tamper = (step: Step, answer: AcmeResponse, count: number) => AcmeResponse | undefined;

export type Step =
  | 'directory'
  | 'nonce'
  | 'account'
  | 'new-order'
  | 'authorization'
  | 'challenge'
  | 'finalize'
  | 'order'
  | 'certificate'
  | 'renewal-info';

/** A CA in memory: a transport that checks every signature and nonce, and answers as RFC 8555 wants, or as the test wants. */
export class ScriptedCa {
  readonly steps: Step[] = [];
  readonly payloads: { readonly step: Step; readonly payload: unknown }[] = [];
  /** Called when the client says that the CA may look. */
  onChallenge: (host: string) => void = () => {};
  tamper: Tamper = () => undefined;
  hasRenewalInfo = false;
  /** When it issues. */
  now: () => number = Date.now;
  /** Comes before each answer. */
  hold: (signal: AbortSignal) => Promise<void> = () => Promise.resolve();
  readonly transport: AcmeTransport = (request, signal) =>
    this.hold(signal).then(() => this.#answer(request));
  readonly #hosts: readonly string[];
  readonly #nonces = new Set<string>();
  #nonceCount = 0;
  #jwk: JsonWebKey | undefined;
  #proven = new Set<string>();
  #csr: Buffer | undefined;

  constructor(hosts: readonly string[]) {
    this.#hosts = hosts;
  }

  #answer(request: AcmeRequest): AcmeResponse {
    const step = stepOf(request.url);
    const refusal = request.method === 'POST' ? this.#check(request, step) : undefined;
    this.steps.push(step);
    const count = this.steps.filter((other) => other === step).length;
    const answer = refusal ?? this.#respond(step, request);
    const sent = this.tamper(step, answer, count) ?? answer;
    return step === 'directory' ? sent : { ...sent, ...this.#freshNonce(answer) };
  }

  #freshNonce({ replayNonce }: AcmeResponse): { replayNonce: string } | object {
    if (replayNonce !== undefined) return { replayNonce };
    const nonce = `nonce${++this.#nonceCount}`;
    this.#nonces.add(nonce);
    return { replayNonce: nonce };
  }

  #check({ url, body }: AcmeRequest, step: Step): AcmeResponse | undefined {
    const jws = JSON.parse(body!) as { protected: string; payload: string; signature: string };
    const header = JSON.parse(Buffer.from(jws.protected, 'base64url').toString()) as {
      alg: string;
      nonce: string;
      url: string;
      jwk?: JsonWebKey;
      kid?: string;
    };
    if (header.url !== url || header.alg !== 'ES256') return problem(400, 'malformed', 'wrong header');
    if (step === 'account') this.#jwk = header.jwk;
    else if (header.kid !== `${BASE}/account/1`) return problem(400, 'accountDoesNotExist', 'who is that');
    const isGenuine = verify(
      'sha256',
      Buffer.from(`${jws.protected}.${jws.payload}`),
      { key: createPublicKey({ key: this.#jwk!, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
      Buffer.from(jws.signature, 'base64url'),
    );
    if (!isGenuine) return problem(400, 'malformed', 'wrong signature');
    if (!this.#nonces.delete(header.nonce)) return problem(400, 'badNonce', 'an old nonce');
    const payload =
      jws.payload === '' ? undefined : JSON.parse(Buffer.from(jws.payload, 'base64url').toString());
    this.payloads.push({ step, payload });
    return undefined;
  }

  #respond(step: Step, { url }: AcmeRequest): AcmeResponse {
    switch (step) {
      case 'directory':
        return json({
          newNonce: `${BASE}/nonce`,
          newAccount: `${BASE}/account`,
          newOrder: `${BASE}/new-order`,
          ...(this.hasRenewalInfo ? { renewalInfo: `${BASE}/renewal-info` } : {}),
        });
      case 'nonce':
        return json({});
      case 'account':
        return { ...json({ status: 'valid' }), status: 201, location: `${BASE}/account/1` };
      case 'new-order':
        return { ...json(this.#order()), status: 201, location: `${BASE}/order/1` };
      case 'order':
        return json(this.#order());
      case 'authorization':
        return json(this.#authorization(url.split('/').at(-1)!));
      case 'challenge': {
        const host = url.split('/').at(-1)!;
        this.onChallenge(host);
        this.#proven.add(host);
        return json({});
      }
      case 'finalize':
        this.#csr = Buffer.from((this.payloads.at(-1)!.payload as { csr: string }).csr, 'base64url');
        return json(this.#order());
      case 'certificate':
        return {
          ...json(''),
          contentType: 'application/pem-certificate-chain',
          body: issueForRequest(this.#csr!, this.#hosts, this.now()),
        };
      case 'renewal-info':
        return json({ suggestedWindow: { start: '2030-01-01T00:00:00Z', end: '2030-01-02T00:00:00Z' } });
    }
  }

  #order(): object {
    const isReady = this.#hosts.every((host) => this.#proven.has(host));
    return {
      status: this.#csr !== undefined ? 'valid' : isReady ? 'ready' : 'pending',
      identifiers: this.#hosts.map((value) => ({ type: 'dns', value })),
      authorizations: this.#hosts.map((host) => `${BASE}/authorization/${host}`),
      finalize: `${BASE}/finalize`,
      ...(this.#csr === undefined ? {} : { certificate: `${BASE}/certificate` }),
    };
  }

  #authorization(host: string): object {
    const challenge = { url: `${BASE}/challenge/${host}`, token: TOKEN, status: 'pending' };
    return {
      status: this.#proven.has(host) ? 'valid' : 'pending',
      identifier: { type: 'dns', value: host },
      challenges: ['http-01', 'tls-alpn-01', 'dns-01'].map((type) => ({ ...challenge, type })),
    };
  }
}

export const TOKEN = 'evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA';

export function json(value: unknown): AcmeResponse {
  return {
    status: 200,
    contentType: 'application/json',
    location: undefined,
    replayNonce: undefined,
    retryAfter: undefined,
    body: JSON.stringify(value),
  };
}

export function problem(status: number, type: string, detail: string): AcmeResponse {
  const body = JSON.stringify({ type: `urn:ietf:params:acme:error:${type}`, detail });
  return { ...json(''), status, contentType: 'application/problem+json', body };
}

function stepOf(url: string): Step {
  return new URL(url).pathname.split('/')[1] as Step;
}
