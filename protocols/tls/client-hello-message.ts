/**
 * The ClientHello message (RFC 8446, section 4.1.2; RFC 5246, section 7.4.1.2), read for what decides about a
 * connection before its handshake. Key shares, tickets and the rest are OpenSSL's business: their lengths are checked
 * here, their content is not, but for the name of the key in a ticket.
 */
import { type HelloFault, helloFault } from './errors.ts';
import { ExtensionReader } from './extensions.ts';
import { FieldReader } from './field-reader.ts';
import { isGrease, readUint16List } from './uint16-list.ts';

export interface ClientHello {
  /** Lower-case, one trailing dot trimmed; '' unless `serverNameKind` is `dns`. */
  readonly serverName: string;
  /** `none`: no SNI. `ip-literal` and `invalid`: SNI held what it may not hold; nothing must be chosen by it. */
  readonly serverNameKind: 'none' | 'dns' | 'ip-literal' | 'invalid';
  /** In the client's order, one character per byte; empty when the extension is absent. */
  readonly alpn: readonly string[];
  /** supported_versions in the client's order, or else the one legacy version (the highest it speaks): 0x0304 is TLS 1.3. */
  readonly versions: readonly number[];
  /** The lists below are in the client's order, for choices and fingerprints; GREASE values (RFC 8701) are left out. */
  readonly cipherSuites: readonly number[];
  readonly extensions: readonly number[];
  readonly supportedGroups: readonly number[];
  readonly signatureAlgorithms: readonly number[];
  /** The first 16 bytes of the session ticket that the client brings, one character per byte: the name of its key. '' for none. */
  readonly ticketName: string;
}

const RANDOM_BYTES = 32;
const MAX_SESSION_ID_BYTES = 32;
const TLS_1_2 = 0x0303;

/** `body` is the message without its four header bytes. */
export function decodeClientHello(body: Uint8Array): ClientHello | HelloFault {
  const reader = new FieldReader(body);

  const legacyVersion = reader.uint16();
  reader.skip(RANDOM_BYTES);
  const sessionIdBytes = reader.uint8();
  reader.skip(sessionIdBytes);
  const cipherSuites = readUint16List(reader.sub(reader.uint16()));
  const compressionMethods = reader.latin1(reader.uint8());

  if (sessionIdBytes > MAX_SESSION_ID_BYTES) return helloFault('bad-session-id');
  if (reader.failed) return helloFault('truncated-hello');
  if (legacyVersion >> 8 !== 3) return helloFault('bad-version');
  if (cipherSuites === undefined) return helloFault('bad-cipher-suites');
  if (!compressionMethods.includes('\0')) return helloFault('bad-compression');

  const extensions = new ExtensionReader();
  // A hello without any extensions is legal in TLS 1.2.
  if (reader.remaining > 0) {
    const length = reader.uint16();
    if (reader.failed || length !== reader.remaining) return helloFault('bad-extensions-length');
    const fault = extensions.read(reader);
    if (fault !== undefined) return fault;
  }

  return {
    serverName: extensions.serverName,
    serverNameKind: extensions.serverNameKind,
    alpn: extensions.alpn,
    versions: extensions.versions ?? [Math.min(legacyVersion, TLS_1_2)],
    cipherSuites: cipherSuites.filter((suite) => !isGrease(suite)),
    extensions: extensions.types,
    supportedGroups: extensions.supportedGroups,
    signatureAlgorithms: extensions.signatureAlgorithms,
    ticketName: extensions.ticketName,
  };
}
