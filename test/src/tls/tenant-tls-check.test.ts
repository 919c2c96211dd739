import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readCrl } from '../../../src/tls/certificate-crl.ts';
import { encodePem } from '../../../src/tls/pem.ts';
import { checkTenantTls } from '../../../src/tls/tenant-tls-check.ts';
import { testCertificate, testIntermediate } from '../../support/certificates.ts';
import { ClientAuthority } from '../../support/client-authority.ts';

const DAY_MS = 86_400_000;
const authority = new ClientAuthority();
const department = new ClientAuthority(authority.issue('Department', { kind: 'authority' }));
const list = authority.revoke([authority.issue('lost')]);

interface Parts {
  readonly ca?: string;
  readonly crls?: readonly string[];
  readonly curves?: readonly string[];
}

/** As `severity field[index] message (hint)`. */
function findings({ ca, crls = [], curves = [] }: Parts, now?: number): string[] {
  return checkTenantTls({ ca, crls, curves }, now).map(
    ({ severity, field, index = 0, message, hint }) =>
      `${severity} ${field}[${index}] ${message}${hint === undefined ? '' : ` (${hint})`}`,
  );
}

describe('checkTenantTls', () => {
  it('has nothing against a whole way to the root, with lists or without', () => {
    assert.deepEqual(findings({}), []);
    assert.deepEqual(findings({ ca: authority.cert }), []);
    assert.deepEqual(findings({ ca: authority.cert, crls: [list] }), []);
    const both = department.cert + authority.cert;
    assert.deepEqual(findings({ ca: both, crls: [list, department.revoke([])] }), []);
    assert.deepEqual(findings({ ca: both, crls: [`${department.revoke([])}${list}`] }), []);
  });

  it('wants authorities, up to the root', () => {
    assert.match(findings({ ca: 'rubbish' }).join(), /^error ca\[0\] the file holds no certificate in PEM/);
    assert.match(
      findings({ ca: testCertificate(['a.example']).cert }).join(),
      /^error ca\[0\] a.example is not an authority: .*\(list who issued/,
    );
    assert.match(
      findings({ ca: testIntermediate().cert }).join(),
      /^error ca\[0\] the authority Test intermediate was issued by one that the file does not have.*\(add Portico local CA .*, up to the root\)$/,
    );
    assert.match(
      findings({ ca: authority.cert }, Date.now() + 4000 * DAY_MS).join(),
      /^warning ca\[0\] the authority .* has expired/,
    );
  });

  it('wants a list of every authority, and of no other', () => {
    assert.match(
      findings({ ca: authority.cert, crls: [authority.cert] }).join(),
      /^error crl\[0\] the file holds no list/,
    );
    const broken = encodePem('X509 CRL', Buffer.from('3003020101', 'hex'));
    assert.deepEqual(findings({ ca: authority.cert, crls: [list, broken] }), [
      'error crl[1] list 1 of the file cannot be read',
    ]);
    assert.match(
      findings({ ca: authority.cert, crls: [list + department.revoke([])] }).join(),
      /^error crl\[0\] list 2 of the file is of no authority in ca/,
    );
    assert.match(
      findings({ ca: department.cert + authority.cert, crls: [list] }).join(),
      /^error crl\[0\] there is no list of Department: every client of it would be refused \(one for each/,
    );
  });

  it('warns of a list that should have been replaced', () => {
    assert.match(
      findings({ ca: authority.cert, crls: [list] }, Date.now() + 8 * DAY_MS).join(),
      /^warning crl\[0\] list 1 of the file was to be replaced by \d{4}-\d\d-\d\d: until it is, every client is refused/,
    );
  });

  it('asks OpenSSL for curves', () => {
    assert.deepEqual(findings({ curves: ['X25519', 'P-256'] }), []);
    assert.deepEqual(findings({ curves: ['X25519', 'Curve9000'] }), [
      'error curves[1] Curve9000 is not known to this OpenSSL',
    ]);
  });

  it('never throws, wherever a list is cut and whichever octet is wrong', () => {
    const der = Buffer.from(list.replace(/-----[^-]+-----/g, ''), 'base64');
    for (let at = 1; at < der.length; at++) {
      readCrl(encodePem('X509 CRL', der.subarray(0, at)));
      const wrong = Buffer.from(der);
      for (const octet of [0x00, 0x80, 0x84, 0xff]) {
        wrong[at] = octet;
        readCrl(encodePem('X509 CRL', wrong));
      }
    }
  });
});
