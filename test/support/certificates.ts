import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { CertificateSettings } from '../../src/core/settings.ts';
import { parseCertificateHost } from '../../src/tls/certificate-host.ts';
import { issueCertificate } from '../../src/tls/issue-certificate.ts';
import { createAuthority, type IssuedPair } from '../../src/tls/local-authority.ts';

const DAY_MS = 86_400_000;

export type KeyKind = 'ec' | 'ec-p384' | 'ec-secp256k1' | 'rsa' | 'rsa-1024' | 'ed25519';

export interface TestCertificateOptions {
  readonly key?: KeyKind;
  /** Days from now until its validity begins; negative: it has begun. */
  readonly fromDays?: number;
  /** Days from now until it ends; negative: it has expired. */
  readonly untilDays?: number;
  /** Issued by an intermediate authority, which then stands behind the leaf. */
  readonly intermediate?: boolean;
}

/** The authority that all certificates of this process come from: PEM, for `ca:` options and --cacert. */
export function testAuthority(): IssuedPair {
  authority ??= createAuthority(Date.now());
  return authority;
}

/** An in-memory pair for `hosts`, EC P-256 and good for 90 days unless told otherwise; equal wishes get the same pair. */
export function testCertificate(hosts: readonly string[], options: TestCertificateOptions = {}): IssuedPair {
  const wish = JSON.stringify([hosts, options]);
  let pair = issued.get(wish);
  if (pair === undefined) {
    pair = issue(hosts, options);
    issued.set(wish, pair);
  }
  return pair;
}

/** A test certificate as configuration hands it on. */
export function certificateSettings(
  pair: IssuedPair,
  fields: Partial<Omit<CertificateSettings, 'cert' | 'key'>> = {},
): CertificateSettings {
  return {
    hosts: [],
    vips: [],
    certFile: 'test.pem',
    keyFile: 'test.key',
    isDefault: false,
    ...pair,
    ...fields,
  };
}

/** PEM of an intermediate authority, and the key it issues with. */
export function testIntermediate(): { readonly cert: string; readonly key: KeyObject } {
  if (intermediate === undefined) {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const cert = issueCertificate(
      {
        commonName: 'Test intermediate',
        publicKey: pair.publicKey,
        profile: { kind: 'authority' },
        notBefore: Date.now() - DAY_MS,
        notAfter: Date.now() + 365 * DAY_MS,
      },
      rootIssuer(),
    );
    intermediate = { cert, key: pair.privateKey };
  }
  return intermediate;
}

let authority: IssuedPair | undefined;
let intermediate: { readonly cert: string; readonly key: KeyObject } | undefined;
const issued = new Map<string, IssuedPair>();
const keyPairs = new Map<KeyKind, ReturnType<typeof generatePair>>();

function issue(hosts: readonly string[], options: TestCertificateOptions): IssuedPair {
  const kind = options.key ?? 'ec';
  // RSA keys take 100 ms to make, so one pair serves all; the others are cheap, and mismatches must be possible.
  const pair = (kind.startsWith('rsa') ? keyPairs.get(kind) : undefined) ?? generatePair(kind);
  keyPairs.set(kind, pair);
  const now = Date.now();
  const issuer = options.intermediate ? testIntermediate() : undefined;
  const leaf = issueCertificate(
    {
      commonName: hosts[0] ?? 'nameless',
      publicKey: pair.publicKey,
      profile: { kind: 'server', hosts: hosts.map((host) => parseCertificateHost(host)!) },
      notBefore: now + (options.fromDays ?? -100) * DAY_MS,
      notAfter: now + (options.untilDays ?? 90) * DAY_MS,
    },
    issuer === undefined ? rootIssuer() : { certificate: issuer.cert, privateKey: issuer.key },
  );
  return {
    cert: leaf + (issuer?.cert ?? ''),
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  };
}

function rootIssuer(): { certificate: string; privateKey: KeyObject } {
  const root = testAuthority();
  return { certificate: root.cert, privateKey: createPrivateKey(root.key) };
}

function generatePair(kind: KeyKind): { publicKey: KeyObject; privateKey: KeyObject } {
  switch (kind) {
    case 'ec':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'ec-p384':
      return generateKeyPairSync('ec', { namedCurve: 'P-384' });
    case 'ec-secp256k1':
      return generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    case 'rsa':
      return generateKeyPairSync('rsa', { modulusLength: 2048 });
    case 'rsa-1024':
      return generateKeyPairSync('rsa', { modulusLength: 1024 });
    case 'ed25519':
      return generateKeyPairSync('ed25519');
  }
}
