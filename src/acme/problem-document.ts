import { AcmeFailure } from './acme-failure.ts';

/** A problem that the CA describes (RFC 7807, RFC 8555 section 6.7), with text that may be shown. */
export interface AcmeProblem {
  /** Without ACME's namespace; '' when it is of another. */
  readonly type: string;
  readonly detail: string;
}

/** `value`: anything; what is no problem document reads as one that says nothing. */
export function readProblem(value: unknown): AcmeProblem {
  const { type, detail } = (typeof value === 'object' && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  return {
    type:
      typeof type === 'string' && type.startsWith(NAMESPACE) ? printable(type.slice(NAMESPACE.length)) : '',
    detail: typeof detail === 'string' ? printable(detail) : '',
  };
}

/** `about`: what was asked for, or the host that it is about. */
export function problemFailure(about: string, problem: AcmeProblem, retryAfterMs?: number): AcmeFailure {
  const { type, detail } = problem;
  const said = [type, detail].filter((part) => part !== '').join(': ');
  const advice = ADVICE.get(type) ?? 'see what the CA says';
  return new AcmeFailure(
    `${about}: ${said === '' ? 'refused without a reason' : said}`,
    advice,
    type,
    retryAfterMs,
  );
}

const NAMESPACE = 'urn:ietf:params:acme:error:';

/** What a CA says goes into our log: one line, of bounded length. */
const MAX_TEXT_CHARACTERS = 500;

function printable(text: string): string {
  return text.slice(0, MAX_TEXT_CHARACTERS).replace(/[^\x20-\x7e\u00a0-\uffff]/g, ' ');
}

const REACH = 'the CA must reach this server under the host: check its DNS, the firewall, and that';

/** By type (RFC 8555, section 6.7): what to do next. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ['accountDoesNotExist', 'a new account is made at the next attempt'],
  ['badCSR', 'try the other acme.keyType, or ask the CA which keys and names it takes'],
  ['caa', "the host's CAA records forbid this CA: change them in DNS, or take another CA"],
  ['connection', `${REACH} port 80 (http-01) or 443 (tls-alpn-01) leads to a listener of this process`],
  ['dns', 'the CA cannot look the host up: check its DNS records'],
  [
    'externalAccountRequired',
    'this CA wants accounts that are bound to one of its own, which is not supported: take another CA',
  ],
  ['incorrectResponse', `${REACH} no other server answers in its place`],
  ['invalidContact', 'the CA does not take acme.email: check it'],
  [
    'rateLimited',
    'the CA wants fewer requests: nothing to do but to wait; try settings with its staging directory',
  ],
  ['rejectedIdentifier', 'the CA does not issue for this host: take it out of hosts'],
  ['serverInternal', 'a fault of the CA; it is tried again'],
  ['tls', `${REACH} port 443 leads to a TLS listener of this process, without another TLS server before it`],
  [
    'unauthorized',
    `${REACH} port 80 (http-01) or 443 (tls-alpn-01) leads here; if the account was deactivated, move its key away from acme.storage`,
  ],
  ['unsupportedContact', 'the CA does not take acme.email: check it'],
  ['unsupportedIdentifier', 'the CA does not issue for this kind of name: take it out of hosts'],
  ['userActionRequired', 'the CA wants something of you, such as new terms: see the address in its message'],
]);
