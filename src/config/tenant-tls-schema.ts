import { z } from 'zod';
import type { ProtocolEntry, TenantTlsEntry } from './config-file.ts';
import { leaf, refuse, refuseValue } from './leaf.ts';
import { choice, flag, integer, oneOf, text, tlsVersionOfClients } from './leaves.ts';
import { didYouMean } from './nearest-name.ts';
import { streamTarget } from './stream-schema.ts';
import { BROKEN, GRADES, PROFILES } from './tls-profile-names.ts';

/** The `tls` of a tenant. Files are opened, and what does not go together is found, in check-tenant-tls.ts. */

const protocolName = choice(['h2', 'http/1.1', 'stream']);

/** A word that is none of the names is refused in that word's terms. */
const protocol = z
  .union([
    z.strictObject({
      name: protocolName.describe('A protocol offered by ALPN; stream: bytes are relayed as they come.'),
      level: choice(['optional', 'must-offer', 'mandatory'])
        .prefault('optional')
        .describe('must-offer: to every client. mandatory: it is the only one.'),
      rate: integer(0, 100)
        .prefault(100)
        .describe('Percent of clients it is offered to; the same ones each time, by their address.'),
    }),
    protocolName.transform((name): ProtocolEntry => ({ name, level: 'optional', rate: 100 })),
  ])
  .describe('A name, or a mapping with its level and rate.');

const PROFILE_WORDS = [...Object.keys(PROFILES), ...Object.keys(GRADES)];

const profile = leaf({ type: 'string', enum: PROFILE_WORDS }, (value) => {
  const word = typeof value === 'string' ? value : '';
  if (Object.hasOwn(PROFILES, word)) return word as keyof typeof PROFILES;
  if (Object.hasOwn(GRADES, word)) return GRADES[word as keyof typeof GRADES];
  const broken = BROKEN.get(word.toUpperCase());
  if (broken !== undefined) return refuse(...broken);
  return refuseValue(oneOf(Object.keys(PROFILES)), value, didYouMean(word, Object.keys(PROFILES)));
});

/** As OpenSSL writes them, and what else people call them. */
const CURVES = [
  'X25519MLKEM768',
  'SecP256r1MLKEM768',
  'SecP384r1MLKEM1024',
  'X25519',
  'X448',
  'P-256',
  'P-384',
  'P-521',
] as const;

const CURVE_ALIASES: ReadonlyMap<string, string> = new Map([
  ['prime256v1', 'P-256'],
  ['secp256r1', 'P-256'],
  ['secp384r1', 'P-384'],
  ['secp521r1', 'P-521'],
]);

const curve = leaf({ type: 'string', enum: CURVES }, (value) => {
  const known = CURVES.find((candidate) => candidate === value);
  if (known !== undefined) return known;
  const alias = CURVE_ALIASES.get(String(value));
  const hint = alias === undefined ? didYouMean(String(value), CURVES) : `write ${alias}`;
  return refuseValue(oneOf(CURVES), value, hint);
});

const crlFile = text('a file name');

const clientAuth = z
  .strictObject({
    mode: choice(['require', 'request'])
      .prefault('require')
      .describe('require: who cannot be verified is refused. request: the backends are told.'),
    ca: text('a file name').describe('PEM: who may have issued the certificates of clients.'),
    crl: z
      .union([crlFile, z.array(crlFile).min(1)], { error: 'expected a file name or a list of them' })
      .optional()
      .describe('PEM: certificates that were revoked; one list for each authority.'),
    headers: flag
      .prefault(false)
      .describe('true: backends are told who the client is, in x-client-cert-* fields.'),
  })
  .describe('Certificates of clients. Absent: they are not asked for any.');

export const tenantTlsSchema: z.ZodType<TenantTlsEntry> = z
  .strictObject({
    protocols: z
      .array(protocol)
      .min(1)
      .prefault(['h2', 'http/1.1'])
      .describe('Offered to TLS clients by ALPN, in order of preference.'),
    profile: profile
      .prefault('intermediate')
      .describe('Versions, cipher suites and curves that go together; grades of BFE are taken too.'),
    minVersion: tlsVersionOfClients
      .optional()
      .describe('Oldest TLS version accepted. Absent: that of the profile.'),
    maxVersion: tlsVersionOfClients.prefault('1.3').describe('Newest TLS version accepted.'),
    curves: z
      .array(curve.describe('A key exchange group.'))
      .min(1)
      .optional()
      .describe('Key exchange groups, in order of preference. Absent: those of the profile.'),
    tickets: flag.prefault(true).describe('false: sessions are not resumed.'),
    clientAuth: clientAuth.optional(),
    passthrough: streamTarget
      .optional()
      .describe('The cluster that connections are relayed to untouched: TLS is not terminated here.'),
  })
  .prefault({})
  .describe('TLS for the hosts of this tenant.');
