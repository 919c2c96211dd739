import { z } from 'zod';
import { leaf, refuse, refuseValue } from './leaf.ts';
import { choice, duration, text } from './leaves.ts';

/** What everybody trusts, and what it costs nothing to ask. */
const DEFAULT_DIRECTORY = 'https://acme-v02.api.letsencrypt.org/directory';

const directory = leaf({ type: 'string', pattern: '^https://', examples: [DEFAULT_DIRECTORY] }, (value) => {
  const url = typeof value === 'string' ? URL.parse(value) : null;
  if (url === null) return refuseValue('the https address of an ACME directory', value);
  if (url.protocol !== 'https:') return refuse('ACME is spoken over https only', 'write https://');
  return url.href;
});

/** No more than is needed to keep it out of the CA's rubbish: one mailbox, in ASCII. */
const email = leaf({ type: 'string', examples: ['ops@example.org'] }, (value) =>
  typeof value === 'string' && value.length <= 254 && /^[\w.!#$%&'*+/=?^`{|}~-]+@[\w.-]+$/.test(value)
    ? value
    : refuseValue('an e-mail address', value),
);

const terms = leaf({ type: 'string', enum: ['agreed'] }, (value) =>
  value === 'agreed'
    ? true
    : refuseValue('agreed', value, "read the CA's terms of service; they are agreed to in your name"),
);

/** A certificate that is obtained and renewed by ACME. */
export const acmeSchema = z
  .strictObject({
    directory: directory.prefault(DEFAULT_DIRECTORY).describe("The CA: its directory's address."),
    email: email.optional().describe('Where the CA may write to. Absent: nowhere.'),
    terms: terms.describe("`agreed`: the CA's terms of service are agreed to in your name."),
    challenge: choice(['http-01', 'tls-alpn-01'], ['dns-01'], 'write http-01 or tls-alpn-01')
      .prefault('http-01')
      .describe('How hosts are proven: by a plain listener on port 80, or a TLS listener on port 443.'),
    storage: text('a directory name').describe(
      'Directory for account keys and certificates; made when absent.',
    ),
    keyType: choice(['ec', 'rsa']).prefault('ec').describe('Key of the certificate: EC P-256 or RSA 2048.'),
    renewBefore: duration
      .optional()
      .describe(
        'How long before its end it is renewed, unless the CA says earlier. Absent: when the CA says, or with a third of its life left.',
      ),
    ca: text('a file name')
      .optional()
      .describe("PEM file: who issues the directory's own certificate. Absent: those whom Node trusts."),
  })
  .describe('Obtained and renewed by ACME, in place of cert and key.');
