import type { AddressKey } from './address-key.ts';

/**
 * What conditions are asked of: one request, with its connection, as far as they are known. Read lazily: what costs work
 * (the query, the cookies, an address) is made when the first condition asks, and kept. Texts have one character per octet, as
 * heads are read, whatever their octets mean.
 */
export interface ConditionSubject {
  readonly method: string;
  /** What is spoken: see `PROTOCOLS`. */
  readonly protocol: Protocol;
  readonly isSecure: boolean;
  /** Lower-case, without port and trailing dot; '' when none was sent. */
  readonly host: string;
  /** Sent with the host, or else what the scheme implies. */
  readonly port: number;
  /** Path and query as sent. */
  readonly url: string;
  /** Decoded, dot-segments resolved. */
  readonly path: string;
  /** Decoded; of a name that comes twice the first value. */
  readonly query: ReadonlyMap<string, string>;
  /** Of a name that comes twice the first value. */
  readonly cookies: ReadonlyMap<string, string>;
  /** The first value of a field; `name` is lower-case. */
  header(name: string): string | undefined;

  /** Who asks: said by a trusted proxy, or else the peer; undefined when a trusted proxy says nothing that can be read. */
  readonly clientAddress: AddressKey | undefined;
  /** Whether the peer is a trusted proxy. */
  readonly isFromTrusted: boolean;
  readonly peerAddress: AddressKey | undefined;
  /** Where the client connected to. */
  readonly virtualAddress: AddressKey | undefined;
  /** Asked for by SNI, lower-case; undefined when none was, or without TLS. */
  readonly serverName: string | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;

  /** Common name of who issued the client's certificate; undefined without a verified one, '' when that has no name. */
  readonly clientAuthority: string | undefined;
  /** Name of the group of hosts that the host belongs to. */
  readonly hostTag: string | undefined;
  /** What modules have tagged the request with. */
  tags(type: string): readonly string[];
  /** What modules have noted of the request. */
  contextValue(key: string): string | undefined;
  /** The value at a path of the request's JSON body; undefined when there is none. */
  bodyValue(path: string): string | undefined;
  /** 0 as long as there is no response. */
  readonly responseStatus: number;
  responseHeader(name: string): string | undefined;
}

/**
 * The parts of a subject that are not there at every place where a condition may stand. Everything else (head, connection, time)
 * always is.
 */
export type LateFact = 'host-tag' | 'tag' | 'context' | 'body' | 'response';

/** HTTP/1 by its version on plain connections, and by its scheme over TLS, as in BFE; HTTP/2 likewise. */
export const PROTOCOLS = ['HTTP/1.0', 'HTTP/1.1', 'h2c', 'https', 'h2'] as const;
export type Protocol = (typeof PROTOCOLS)[number];
