import type { AccountKey } from './account-key.ts';
import { AcmeFailure, nonsense } from './acme-failure.ts';
import {
  type Authorization,
  checkUrl,
  type Directory,
  type Order,
  readAuthorization,
  readDirectory,
  readOrder,
  readRenewalWindow,
} from './answers.ts';
import { signRequest } from './jws.ts';
import { problemFailure, readProblem } from './problem-document.ts';
import type { SuggestedWindow } from './renewal.ts';
import { readRetryAfter } from './retry-after.ts';
import type { AcmeResponse, AcmeTransport } from './transport.ts';

/** An object of the CA, and how long it wants not to be asked again, ms. */
export interface Polled<T> {
  readonly value: T;
  readonly retryAfterMs: number | undefined;
}

/**
 * The conversation of RFC 8555 with one CA, under one account key, for one certificate: directory, account, then order. Every
 * method rejects with an AcmeFailure.
 */
export class AcmeClient {
  readonly #directoryUrl: string;
  readonly #key: AccountKey;
  readonly #transport: AcmeTransport;
  readonly #signal: AbortSignal;
  readonly #now: () => number;
  #directory: Directory | undefined;
  #account: string | undefined;
  /** Each may be used once; the newest comes with the last answer. */
  #nonce: string | undefined;

  /** `now`: milliseconds since the epoch. */
  constructor(
    directoryUrl: string,
    key: AccountKey,
    transport: AcmeTransport,
    signal: AbortSignal,
    now: () => number,
  ) {
    this.#directoryUrl = directoryUrl;
    this.#key = key;
    this.#transport = transport;
    this.#signal = signal;
    this.#now = now;
  }

  async directory(): Promise<Directory> {
    if (this.#directory === undefined) {
      const response = await this.#send('GET', this.#directoryUrl, undefined);
      this.#directory = readDirectory(this.#json(response, 'the directory'));
    }
    return this.#directory;
  }

  /** Finds the account of the key, or makes it: its terms are agreed to. */
  async register(email: string | undefined): Promise<void> {
    const { newAccount } = await this.directory();
    const contact = email === undefined ? {} : { contact: [`mailto:${email}`] };
    const response = await this.#post(newAccount, { termsOfServiceAgreed: true, ...contact }, 'the account');
    this.#account = checkUrl(response.location, 'the address of the account');
  }

  /** `replaces`: the certificate that is renewed, by its name in RFC 9773, section 4.1. */
  async newOrder(
    hosts: readonly string[],
    replaces: string | undefined,
  ): Promise<{ readonly url: string; readonly order: Order }> {
    const identifiers = hosts.map((value) => ({ type: 'dns', value }));
    const response = await this.#postOrder({ identifiers }, replaces);
    const order = readOrder(this.#json(response, 'the order'));
    const isAsked = order.hosts.length === hosts.length && hosts.every((host) => order.hosts.includes(host));
    if (!isAsked) throw nonsense('an order for other hosts than those asked for');
    return { url: checkUrl(response.location, 'the address of the order'), order };
  }

  /** What is replaced is told for the CA's own use only: an order is not to fail for it. */
  async #postOrder(order: object, replaces: string | undefined): Promise<AcmeResponse> {
    const { newOrder, renewalInfo } = await this.directory();
    if (replaces !== undefined && renewalInfo !== undefined) {
      try {
        return await this.#post(newOrder, { ...order, replaces }, 'the order');
      } catch (error) {
        if (!(error instanceof AcmeFailure) || !REPLACEMENT_PROBLEMS.has(error.problem)) throw error;
      }
    }
    return this.#post(newOrder, order, 'the order');
  }

  async order(url: string): Promise<Polled<Order>> {
    const response = await this.#post(url, undefined, 'the order');
    return { value: readOrder(this.#json(response, 'the order')), retryAfterMs: this.#retryAfter(response) };
  }

  async authorization(url: string): Promise<Polled<Authorization>> {
    const response = await this.#post(url, undefined, 'an authorization');
    const value = readAuthorization(this.#json(response, 'an authorization'));
    return { value, retryAfterMs: this.#retryAfter(response) };
  }

  /** Tells the CA that it may look now. */
  async beginChallenge(url: string, host: string): Promise<void> {
    await this.#post(url, {}, host);
  }

  /** `csr`: DER. */
  async finalize(url: string, csr: Buffer): Promise<Polled<Order>> {
    const response = await this.#post(url, { csr: csr.toString('base64url') }, 'the order');
    return { value: readOrder(this.#json(response, 'the order')), retryAfterMs: this.#retryAfter(response) };
  }

  /** PEM, as the CA sends it: leaf first. */
  async certificate(url: string): Promise<string> {
    const response = await this.#post(url, undefined, 'the certificate');
    if (response.contentType !== 'application/pem-certificate-chain')
      throw nonsense('a certificate that is no PEM');
    return response.body;
  }

  /** When the certificate of that name should be renewed (RFC 9773); undefined: the CA does not say. */
  async renewalWindow(certificateId: string): Promise<Polled<SuggestedWindow> | undefined> {
    const { renewalInfo } = await this.directory();
    if (renewalInfo === undefined) return undefined;
    const response = await this.#send('GET', `${renewalInfo}/${certificateId}`, undefined);
    const value = readRenewalWindow(this.#json(response, 'the time of renewal'));
    return { value, retryAfterMs: this.#retryAfter(response) };
  }

  /** A signed request; a nonce that the CA does not take any more is no failure (RFC 8555, section 6.5). */
  async #post(url: string, payload: object | undefined, about: string): Promise<AcmeResponse> {
    for (let attempts = 1; ; attempts += 1) {
      const nonce = await this.#takeNonce();
      const jws = signRequest(payload, { nonce, url, kid: this.#account }, this.#key);
      const response = await this.#send('POST', url, jws);
      const { status, body, contentType } = response;
      const isRefused = status >= 400 && contentType === 'application/problem+json';
      const isStale = isRefused && readProblem(parse(body)).type === 'badNonce';
      if (isStale && attempts < MAX_NONCES) continue;
      this.#refuseProblem(response, about);
      return response;
    }
  }

  #refuseProblem(response: AcmeResponse, about: string): void {
    const { status, body, contentType } = response;
    if (status >= 200 && status < 300) return;
    const retryAfterMs = this.#retryAfter(response);
    if (contentType === 'application/problem+json')
      throw problemFailure(about, readProblem(parse(body)), retryAfterMs);
    const advice = 'check acme.directory; if it is right, the CA has a fault of its own';
    throw new AcmeFailure(`${about}: the CA answered ${status} without saying why`, advice, '', retryAfterMs);
  }

  async #takeNonce(): Promise<string> {
    if (this.#nonce === undefined) {
      const { newNonce } = await this.directory();
      await this.#send('HEAD', newNonce, undefined);
    }
    const nonce = this.#nonce;
    if (nonce === undefined) throw nonsense('no nonce came');
    this.#nonce = undefined;
    return nonce;
  }

  async #send(method: 'GET' | 'HEAD' | 'POST', url: string, body: string | undefined): Promise<AcmeResponse> {
    const response = await this.#transport({ method, url, body }, this.#signal);
    const { replayNonce } = response;
    // It becomes a part of what we sign; RFC 8555, section 6.5.1 allows base64url.
    if (replayNonce !== undefined && /^[\w-]{1,512}$/.test(replayNonce)) this.#nonce = replayNonce;
    return response;
  }

  #json(response: AcmeResponse, about: string): unknown {
    this.#refuseProblem(response, about);
    if (response.contentType !== 'application/json') throw nonsense(`${about} is no JSON`);
    return parse(response.body);
  }

  #retryAfter(response: AcmeResponse): number | undefined {
    return readRetryAfter(response.retryAfter, this.#now());
  }
}

/** The certificate was replaced before, or belongs to another account, or to nobody (RFC 9773, section 5). */
const REPLACEMENT_PROBLEMS: ReadonlySet<string> = new Set(['alreadyReplaced', 'malformed', 'unauthorized']);

/** A CA under load may forget nonces quickly, but not ten in a row. */
const MAX_NONCES = 10;

/** Undefined for what is no JSON; every reader refuses that. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
