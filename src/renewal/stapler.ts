import { X509Certificate } from 'node:crypto';
import type { Logger } from '../core/logger.ts';
import type { CertificateSettings, OcspSettings } from '../core/settings.ts';
import type { Staple, StapleStatus } from '../core/staple.ts';
import { mustStaple, responderUrl } from '../tls/ocsp/responder.ts';
import { splitPem } from '../tls/pem.ts';
import { fetchOcsp } from './ocsp-fetch.ts';
import { type StapledCertificate, StapleKeeper, type StapleKeeperPorts } from './staple-keeper.ts';

export interface StaplerPorts {
  readonly logger: Logger;
  changed(staple: Staple): void;
}

/** Keeps the staples of all certificates that are served. */
export class Stapler {
  readonly #ports: StaplerPorts;
  /** By the text of the certificate, so that one which stays is not parsed again at each reload. */
  #keepers: Keepers = new Map();
  /** Questions under way, and those that wait for their turn. */
  #asking = 0;
  readonly #queue: (() => void)[] = [];
  /** What was asked for last, which counts. */
  #followed: readonly CertificateSettings[] = [];
  #closed = false;

  constructor(ports: StaplerPorts) {
    this.#ports = ports;
  }

  /** The certificates that are served from now on; what is known of those that stay is kept. */
  async follow(certificates: readonly CertificateSettings[]): Promise<void> {
    this.#followed = certificates;
    // Reading ASN.1 takes a library that takes a tenth of a second to load.
    const wanted = certificates.some(({ cert }) => mayBeStapled(cert));
    const ocsp = wanted ? await import('../tls/ocsp/ocsp.ts') : undefined;
    if (this.#closed || this.#followed !== certificates) return;
    const keepers = new Map<string, Kept>();
    const begun: StapleKeeper[] = [];
    for (const settings of certificates) {
      const { cert, ocsp: wish = AUTO } = settings;
      if (keepers.has(cert)) continue;
      const known = this.#keepers.get(cert);
      if (known !== undefined && JSON.stringify(known.wish) === JSON.stringify(wish)) {
        keepers.set(cert, known);
        continue;
      }
      const certificate = stapledCertificate(settings, wish);
      if (certificate === undefined) continue;
      const keeper = new StapleKeeper(certificate, this.#keeperPorts(ocsp));
      keepers.set(cert, { fingerprint: certificate.leaf.fingerprint256, wish, keeper });
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
      fetch: (url, leaf, issuer) =>
        this.#inTurn(async () => {
          try {
            return await fetchOcsp(url, ocsp!.encodeOcspRequest(leaf, issuer), ocsp!.MAX_RESPONSE_BYTES);
          } catch (error) {
            // The issuer has something in it that cannot be read; that must not end the process.
            return `no question can be made: ${(error as Error).message}`;
          }
        }),
      judge: (response, leaf, issuer, now) => ocsp!.judgeOcspResponse(response, leaf, issuer, now),
      changed: (staple) => this.#ports.changed(staple),
    };
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

/** Undefined: it cannot be read, which is for others to say. */
function stapledCertificate(
  { cert, certFile }: CertificateSettings,
  ocsp: OcspSettings,
): StapledCertificate | undefined {
  try {
    const [leafPem, issuerPem] = splitPem(cert, 'CERTIFICATE');
    const leaf = new X509Certificate(leafPem!);
    return {
      file: certFile,
      leaf,
      issuer: issuerPem === undefined ? undefined : new X509Certificate(issuerPem),
      url: responderUrl(leaf),
      mustStaple: mustStaple(leaf),
      ocsp,
    };
  } catch {
    return undefined;
  }
}

/** Only what has its issuer in its file can be asked about. */
function mayBeStapled(cert: string): boolean {
  return splitPem(cert, 'CERTIFICATE').length > 1;
}
