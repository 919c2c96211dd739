import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import type { AcmeChallenge } from '../core/acme-challenge.ts';
import type { AcmeSettings } from '../core/settings.ts';
import { checkCertificates } from '../tls/certificate-check.ts';
import { issueCertificate } from '../tls/issue-certificate.ts';
import type { IssuedPair } from '../tls/local-authority.ts';
import { generateKey, keyToPem } from '../tls/private-key.ts';
import { makeSigningRequest } from '../tls/signing-request.ts';
import type { AccountKey } from './account-key.ts';
import { AcmeFailure, nonsense } from './acme-failure.ts';
import type { Authorization, Challenge, Order } from './answers.ts';
import type { AcmeClient, Polled } from './client.ts';
import { problemFailure } from './problem-document.ts';

/** What the way to a certificate needs of the process around it. */
export interface ObtainPorts {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Rejects when the process stops. */
  wait(ms: number): Promise<void>;
  /** Resolves when every worker answers these challenges and no others. */
  showChallenges(challenges: readonly AcmeChallenge[]): Promise<void>;
}

/**
 * Gets one certificate:
 *
 *   account ─► order ─► prove each host ─► finalize with a new key ─► wait ─► download ─► check
 *
 * Rejects with an AcmeFailure. Whatever happens, no challenge is left behind.
 */
export async function obtainCertificate(
  settings: AcmeSettings,
  replaces: string | undefined,
  client: AcmeClient,
  accountKey: AccountKey,
  ports: ObtainPorts,
): Promise<IssuedPair> {
  await client.register(settings.email);
  const { url, order } = await client.newOrder(settings.hosts, replaces);
  if (order.status === 'pending') {
    try {
      await proveHosts(order, settings, client, accountKey, ports);
    } finally {
      await ports.showChallenges([]);
    }
  }
  const ready = await pollOrder(client, url, undefined, ['pending'], ports);
  const key = generateKey(settings.keyType);
  const finalized = await client.finalize(ready.finalize, signingRequest(settings.hosts, key));
  const issued = await pollOrder(client, url, finalized, ['pending', 'ready', 'processing'], ports);
  if (issued.certificate === undefined) throw new AcmeFailure('the CA issued nothing', 'it is tried again');
  const pair = { cert: await client.certificate(issued.certificate), key: keyToPem(key) };
  checkIssued(pair, settings, ports.now());
  return pair;
}

async function proveHosts(
  order: Order,
  settings: AcmeSettings,
  client: AcmeClient,
  accountKey: AccountKey,
  ports: ObtainPorts,
): Promise<void> {
  // What is shown to the workers is bounded by what was asked for.
  if (order.authorizations.length > settings.hosts.length) throw nonsense('more proofs than hosts');
  const open: { readonly url: string; readonly host: string; readonly challenge: Challenge }[] = [];
  for (const url of order.authorizations) {
    const { value } = await client.authorization(url);
    if (!settings.hosts.includes(value.host))
      throw new AcmeFailure(
        `the CA wants proof for ${value.host}, which nobody asked for`,
        'it is tried again',
      );
    if (value.status === 'valid') continue;
    open.push({ url, host: value.host, challenge: chooseChallenge(value, settings.challenge) });
  }
  await ports.showChallenges(
    open.map(({ host, challenge }) => challengeFor(host, challenge, accountKey, ports.now())),
  );
  for (const { challenge, host } of open) await client.beginChallenge(challenge.url, host);
  for (const { url, host } of open) {
    const judged = await poll(
      () => client.authorization(url),
      ({ status }) => status === 'pending',
      undefined,
      `the CA has not looked at ${host}`,
      ports,
    );
    if (judged.status !== 'valid') throw refused(judged, settings.challenge);
  }
}

function chooseChallenge({ host, challenges, status }: Authorization, type: string): Challenge {
  const found = challenges.find((challenge) => challenge.type === type);
  if (found !== undefined && status === 'pending') return found;
  const offered = challenges.map((challenge) => challenge.type).join(', ');
  throw new AcmeFailure(
    `${host}: the CA offers no ${type} challenge${offered === '' ? '' : `, but ${offered}`}`,
    'set acme.challenge to one that it offers',
  );
}

/** What our listeners have to show for it. */
function challengeFor(host: string, { token, type }: Challenge, key: AccountKey, now: number): AcmeChallenge {
  const answer = key.authorize(token);
  if (type === 'http-01') return { kind: 'http-01', host, token, answer };
  const privateKey = generateKey('ec');
  const cert = issueCertificate(
    {
      commonName: 'Portico ACME challenge',
      publicKey: createPublicKey(privateKey),
      profile: {
        kind: 'acme-challenge',
        host: { kind: 'dns', name: host },
        digest: createHash('sha256').update(answer).digest(),
      },
      notBefore: now - CHALLENGE_LIFE_MS,
      notAfter: now + CHALLENGE_LIFE_MS,
    },
    { certificate: undefined, privateKey },
  );
  return { kind: 'tls-alpn-01', host, cert, key: keyToPem(privateKey) };
}

const CHALLENGE_LIFE_MS = 24 * 3_600_000;

function refused({ host, status, challenges }: Authorization, type: string): AcmeFailure {
  const error = challenges.find((challenge) => challenge.type === type)?.error;
  if (error !== undefined && error.type !== '') return problemFailure(host, error);
  return new AcmeFailure(`${host}: the CA calls its authorization ${status}`, 'it is tried again');
}

/** Asks for the order until its status is none of `meanwhile`. */
async function pollOrder(
  client: AcmeClient,
  url: string,
  first: Polled<Order> | undefined,
  meanwhile: readonly Order['status'][],
  ports: ObtainPorts,
): Promise<Order> {
  const isOver = 'the CA has not got on with the order';
  const order = await poll(
    () => client.order(url),
    ({ status }) => meanwhile.includes(status),
    first,
    isOver,
    ports,
  );
  if (order.status === 'invalid') throw problemFailure('the order', order.error);
  return order;
}

/** Asks until it is not `unfinished`, at the CA's pace, or at one that slows down; for a few minutes at most. */
async function poll<T>(
  ask: () => Promise<Polled<T>>,
  unfinished: (value: T) => boolean,
  first: Polled<T> | undefined,
  isOver: string,
  ports: ObtainPorts,
): Promise<T> {
  const end = ports.now() + MAX_POLLING_MS;
  let pauseMs = FIRST_PAUSE_MS;
  let polled = first ?? (await ask());
  while (unfinished(polled.value)) {
    if (ports.now() >= end)
      throw new AcmeFailure(`${isOver} for ${MAX_POLLING_MS / 60_000} minutes`, 'it is tried again');
    await ports.wait(Math.min(Math.max(polled.retryAfterMs ?? pauseMs, FIRST_PAUSE_MS), MAX_PAUSE_MS));
    pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS);
    polled = await ask();
  }
  return polled.value;
}

const FIRST_PAUSE_MS = 250;
const MAX_PAUSE_MS = 15_000;
const MAX_POLLING_MS = 5 * 60_000;

/** In DER, which is what ACME wants. */
function signingRequest(hosts: readonly string[], key: KeyObject): Buffer {
  const pem = makeSigningRequest(
    hosts.map((name) => ({ kind: 'dns', name })),
    key,
  );
  return Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
}

/** Nothing is served that a file with it would be refused for. */
function checkIssued({ cert, key }: IssuedPair, settings: AcmeSettings, now: number): void {
  const { hosts, isDefault } = settings;
  const file = 'the certificate';
  const { problems } = checkCertificates(
    [{ cert, key, hosts, isDefault, certFile: file, keyFile: file }],
    now,
  );
  const problem = problems.find(({ severity }) => severity === 'error');
  if (problem === undefined) return;
  throw new AcmeFailure(
    `the CA issued what cannot be served: ${problem.message}`,
    'compare the clock of this machine with that of the CA; else tell the CA',
  );
}
