/**
 * The extensions of a ClientHello (RFC 8446, section 4.2): each at most once, each filled exactly by what it holds.
 * Reads server_name, ALPN, supported_versions, supported_groups and signature_algorithms,
 * and of tickets the name of their key; the others only count.
 */
import { type HelloFault, type HelloRule, helloFault } from './errors.ts';
import type { FieldReader } from './field-reader.ts';
import { classifyName, type NameKind } from './server-name.ts';
import { isGrease, readUint16List } from './uint16-list.ts';

/** ExtensionType (IANA registry "TLS ExtensionType Values"). */
const EXTENSION = Object.freeze({
  serverName: 0,
  supportedGroups: 10,
  signatureAlgorithms: 13,
  alpn: 16,
  sessionTicket: 35,
  preSharedKey: 41,
  supportedVersions: 43,
});

/** NameType (RFC 6066, section 3); no other was ever assigned, nor can be without breaking readers. */
const HOST_NAME = 0;

/** What a ticket begins with, as RFC 5077, section 4, advises and OpenSSL does. */
const TICKET_NAME_BYTES = 16;

export class ExtensionReader {
  serverName = '';
  serverNameKind: NameKind | 'none' = 'none';
  alpn: string[] = [];
  versions: number[] | undefined = undefined;
  supportedGroups: number[] = [];
  signatureAlgorithms: number[] = [];
  /** See ClientHello. */
  ticketName = '';
  /** Types in order of arrival, without GREASE. */
  readonly types: number[] = [];

  /** Reads until `reader` is empty; answers with the first fault. */
  read(reader: FieldReader): HelloFault | undefined {
    const seen = new Set<number>();
    while (reader.remaining > 0) {
      const type = reader.uint16();
      const content = reader.sub(reader.uint16());
      if (reader.failed) return helloFault('truncated-hello');
      if (seen.has(type)) return helloFault('duplicate-extension');
      seen.add(type);
      if (type === EXTENSION.preSharedKey && reader.remaining > 0)
        return helloFault('misplaced-pre-shared-key');
      if (!isGrease(type)) this.types.push(type);
      const broken = this.#readContent(type, content);
      if (broken !== undefined) return helloFault(broken);
    }
    return undefined;
  }

  #readContent(type: number, content: FieldReader): HelloRule | undefined {
    switch (type) {
      case EXTENSION.serverName:
        return this.#readServerName(content) ? undefined : 'bad-server-name';
      case EXTENSION.alpn:
        return this.#readAlpn(content) ? undefined : 'bad-alpn';
      case EXTENSION.supportedVersions: {
        const versions = readPrefixedList(content, content.uint8());
        if (versions === undefined) return 'bad-supported-versions';
        this.versions = versions;
        return undefined;
      }
      case EXTENSION.supportedGroups: {
        const groups = readPrefixedList(content, content.uint16());
        if (groups === undefined) return 'bad-supported-groups';
        this.supportedGroups = groups;
        return undefined;
      }
      case EXTENSION.signatureAlgorithms: {
        const algorithms = readPrefixedList(content, content.uint16());
        if (algorithms === undefined) return 'bad-signature-algorithms';
        this.signatureAlgorithms = algorithms;
        return undefined;
      }
      case EXTENSION.sessionTicket:
        this.ticketName = content.remaining >= TICKET_NAME_BYTES ? content.latin1(TICKET_NAME_BYTES) : '';
        return undefined;
      case EXTENSION.preSharedKey:
        this.#readIdentity(content);
        return undefined;
      default:
        return undefined;
    }
  }

  /** The first PskIdentity (RFC 8446, section 4.2.11): clients offer one ticket. What is wrong with it is for OpenSSL to say. */
  #readIdentity(content: FieldReader): void {
    content.skip(2);
    const identity = content.sub(content.uint16());
    if (identity.remaining >= TICKET_NAME_BYTES) this.ticketName = identity.latin1(TICKET_NAME_BYTES);
  }

  /**
   * ServerNameList (RFC 6066, section 3). Exactly one host_name and nothing else: readers of longer lists disagree on
   * which name counts, and OpenSSL refuses them too.
   */
  #readServerName(content: FieldReader): boolean {
    const listBytes = content.uint16();
    if (content.failed || listBytes !== content.remaining) return false;
    const type = content.uint8();
    const name = content.latin1(content.uint16());
    if (content.failed || content.remaining > 0 || type !== HOST_NAME || name === '') return false;
    const normal = (name.endsWith('.') ? name.slice(0, -1) : name).toLowerCase();
    this.serverNameKind = classifyName(normal);
    this.serverName = this.serverNameKind === 'dns' ? normal : '';
    return true;
  }

  /** ProtocolNameList (RFC 7301, section 3.1): no empty list, no empty name. */
  #readAlpn(content: FieldReader): boolean {
    const listBytes = content.uint16();
    if (content.failed || listBytes !== content.remaining || listBytes === 0) return false;
    while (content.remaining > 0) {
      const name = content.latin1(content.uint8());
      if (content.failed || name === '') return false;
      if (!isGreaseName(name)) this.alpn.push(name);
    }
    return true;
  }
}

/** A list of 16-bit values whose length in bytes has just been read and must be all that is left. */
function readPrefixedList(content: FieldReader, listBytes: number): number[] | undefined {
  if (content.failed || listBytes !== content.remaining) return undefined;
  return readUint16List(content)?.filter((value) => !isGrease(value));
}

function isGreaseName(name: string): boolean {
  return name.length === 2 && isGrease(name.charCodeAt(0) * 256 + name.charCodeAt(1));
}
