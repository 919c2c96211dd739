/** Fields that certificates (RFC 5280) and signing requests (RFC 2986) share. */
import { addressOctets } from '../core/address-octets.ts';
import type { CertificateHost } from './certificate-host.ts';
import {
  boolean,
  contextValue,
  type DerNode,
  octetString,
  oid,
  sequence,
  set,
  toDer,
  utf8String,
} from './der.ts';

const OID = Object.freeze({
  commonName: '2.5.4.3',
  subjectAltName: '2.5.29.17',
});

/** The largest common name X.520 allows, characters. */
export const MAX_COMMON_NAME = 64;

export function distinguishedName(commonName: string): DerNode {
  return sequence(set(sequence(oid(OID.commonName), utf8String(commonName))));
}

export function extension(id: string, critical: boolean, content: DerNode): DerNode {
  const flag = critical ? [boolean(true)] : [];
  return sequence(oid(id), ...flag, octetString(toDer(content).toString('latin1')));
}

export function subjectAltName(hosts: readonly CertificateHost[]): DerNode {
  return extension(OID.subjectAltName, false, sequence(...hosts.map(generalName)));
}

/** GeneralName: dNSName [2], iPAddress [7] (RFC 5280, section 4.2.1.6). */
function generalName(host: CertificateHost): DerNode {
  return host.kind === 'ip' ? contextValue(7, addressOctets(host.name)) : contextValue(2, host.name);
}
