import { Buffer } from 'node:buffer';

/**
 * The PROXY protocol (haproxy.org/download/3.0/doc/proxy-protocol.txt): what a load balancer says about the connection that it
 * relays, before the first byte of it. Version 1 is a line of text, version 2 a block of octets.
 */
export interface ProxyHeader {
  /** Undefined: the sender speaks for itself or cannot tell (LOCAL, UNKNOWN, UNSPEC, UNIX); the connection's own addresses hold. */
  readonly endpoints: ProxiedEndpoints | undefined;
}

export interface ProxiedEndpoints {
  readonly source: ProxiedEndpoint;
  /** What the client had connected to: of a load balancer, the virtual address. */
  readonly destination: ProxiedEndpoint;
}

export interface ProxiedEndpoint {
  /** IPv4 in four decimals, also when it came mapped into IPv6; IPv6 in the form of RFC 5952. */
  readonly address: string;
  readonly port: number;
}

export const MAX_PORT = 65_535;

/** What version 1 begins with (section 2.1). */
export const TEXT_PREFIX: Buffer = Buffer.from('PROXY ', 'latin1');

/** What version 2 begins with (section 2.2): no line of text protocols, and not valid UTF-8 text either. */
export const BINARY_SIGNATURE: Buffer = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

/** Signature, version and command, family and protocol, length of the rest. */
export const BINARY_FIXED_BYTES = 16;

/** High half of the 13th octet. */
export const BINARY_VERSION = 2;

/** Low half of the 13th octet. */
export const COMMAND = Object.freeze({ LOCAL: 0, PROXY: 1 });

/** High half of the 14th octet. */
export const FAMILY = Object.freeze({ UNSPEC: 0, INET: 1, INET6: 2, UNIX: 3 });

/** Low half of the 14th octet. */
export const TRANSPORT = Object.freeze({ UNSPEC: 0, STREAM: 1, DGRAM: 2 });
