import { X509Certificate } from 'node:crypto';
import type { Logger } from '../core/logger.ts';
import type { CertificateSettings, OcspSettings } from '../core/settings.ts';
import type { Staple, StapleStatus } from '../core/staple.ts';
import { LeafMemory } from '../tls/leaf-memory.ts';
import { splitPem } from '../tls/pem.ts';
import { fetchOcsp } from './ocsp-fetch.ts';
import { type StapledCertificate, StapleKeeper, type StapleKeeperPorts } from './staple-keeper.ts';

export interface StaplerPorts {
  readonly logger: Logger;
  /** What is known of certificates already. */
  readonly leaves?: LeafMemory;
  changed(staple: Staple): void;
}

/** Keeps the staples of all certificates that are served. */
export class Stapler {
  readonly #ports: StaplerPorts;
  /** By the text of the certificate, so that one which stays is not parsed again at each reload. */
  #keepers: Keepers = new Map();
  readonly #leaves: LeafMemory;
  /** Questions under way, and those that wait for their turn. */
  #asking = 0;
  readonly #queue: (() => void)[] = [];
  /** What was asked for last, which counts. */
  #followed: readonly CertificateSettings[] = [];
  #closed = false;

  constructor(ports: StaplerPorts) {
    this.#ports = ports;
    this.#leaves = ports.leaves ?? new LeafMemory();
  }

  /** The certificates that are served from now on; what is known of those that stay is kept. */
  async follow(certificates: readonly CertificateSettings[]): Promise<void> {
    this.#followed = certificates;
    this.#leaves.keep(certificates.map(({ cert }) => cert));
    const stapled = certificates.map((settings) => this.#stapledCertificate(settings));
    // Reading ASN.1 takes a library that takes a tenth of a second to load.
    const ocsp = stapled.some(isAskedAbout) ? await import('../tls/ocsp/ocsp.ts') : undefined;
    if (this.#closed || this.#followed !== certificates) return;
    const ports = this.#keeperPorts(ocsp);
    const keepers = new Map<string, Kept>();
    const begun: StapleKeeper[] = [];
    for (const certificate of stapled) {
      if (certificate === undefined || keepers.has(certificate.cert)) continue;
      const { cert, ocsp: wish, fingerprint } = certificate;
      const known = this.#keepers.get(cert);
      if (known !== undefined && isEqual(known.wish, wish)) {
        keepers.set(cert, known);
        continue;
      }
      const keeper = new StapleKeeper(certificate, ports);
      keepers.set(cert, { fingerprint, wish, keeper });
      begun.push(keeper);
    }
    this.#forget(keepers);
    this.#keepers = keepers;
    for (const keeper of begun) keeper.begin();
  }

  /** By fingerprint. */
  statuses(): Map<string, StapleStatus> {
    return new Map(
      Array.from(this.#keepers.values(), ({ fingerprint, keeper }) => [fingerprint, keeper.status]),
    );
  }

  close(): void {
    this.#closed = true;
    for (const { keeper } of this.#keepers.values()) keeper.close();
  }

  #forget(kept: Keepers): void {
    for (const [cert, { fingerprint, keeper }] of this.#keepers) {
      if (kept.get(cert)?.keeper === keeper) continue;
      keeper.close();
      this.#ports.changed({ fingerprint, response: undefined, until: 0 });
    }
  }

  #keeperPorts(ocsp: typeof import('../tls/ocsp/ocsp.ts') | undefined): StapleKeeperPorts {
    return {
      logger: this.#ports.logger,
      now: Date.now,
      random: Math.random,
      fetch: (url, cert) =>
        this.#inTurn(async () => {
          try {
            const [leaf, issuer] = readPair(cert);
            return await fetchOcsp(url, ocsp!.encodeOcspRequest(leaf, issuer), ocsp!.MAX_RESPONSE_BYTES);
          } catch (error) {
            // The issuer has something in it that cannot be read; that must not end the process.
            return `no question can be made: ${(error as Error).message}`;
          }
        }),
      judge(response, cert, now) {
        try {
          return ocsp!.judgeOcspResponse(response, ...readPair(cert), now);
        } catch (error) {
          return `it cannot be judged: ${(error as Error).message}`;
        }
      },
      changed: (staple) => this.#ports.changed(staple),
    };
  }

  /** Undefined: it cannot be read, which is for others to say. */
  #stapledCertificate({ cert, certFile, ocsp = AUTO }: CertificateSettings): StapledCertificate | undefined {
    const { summary, responder, mustStaple } = this.#leaves.factsOf(cert);
    const { fingerprint } = summary;
    if (fingerprint === '') return undefined;
    const hasIssuer = cert.indexOf(BEGIN) !== cert.lastIndexOf(BEGIN);
    return { file: certFile, cert, hasIssuer, fingerprint, url: responder, mustStaple, ocsp };
  }

  /** Ten thousand certificates must not be ten thousand connections. */
  async #inTurn<T>(ask: () => Promise<T>): Promise<T> {
    if (this.#asking >= MAX_ASKING) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#asking += 1;
    try {
      return await ask();
    } finally {
      this.#asking -= 1;
      this.#queue.shift()?.();
    }
  }
}

interface Kept {
  readonly fingerprint: string;
  readonly wish: OcspSettings;
  readonly keeper: StapleKeeper;
}

type Keepers = ReadonlyMap<string, Kept>;

const MAX_ASKING = 4;

const AUTO: OcspSettings = { kind: 'auto' };

const BEGIN = '-----BEGIN CERTIFICATE-----';

/** Only what has its issuer in its file can be asked about. */
function isAskedAbout(certificate: StapledCertificate | undefined): boolean {
  if (certificate === undefined || !certificate.hasIssuer) return false;
  const { ocsp, url } = certificate;
  return ocsp.kind === 'file' || (ocsp.kind === 'auto' && url !== undefined);
}

function isEqual(one: OcspSettings, other: OcspSettings): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

/** Throws when one of the two cannot be read. */
function readPair(cert: string): [leaf: X509Certificate, issuer: X509Certificate] {
  const [leaf, issuer] = splitPem(cert, 'CERTIFICATE');
  return [new X509Certificate(leaf ?? ''), new X509Certificate(issuer ?? '')];
}
