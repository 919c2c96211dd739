import type { Buffer } from 'node:buffer';
import { type HeaderFault, headerFault } from './errors.ts';
import {
  BINARY_FIXED_BYTES,
  BINARY_VERSION,
  COMMAND,
  FAMILY,
  type ProxyHeader,
  TRANSPORT,
} from './header.ts';
import { endpointAddress, IPV4_BYTES, IPV6_BYTES } from './ip-address.ts';
import { MAX_BLOCK_BYTES } from './limits.ts';

/** What the fixed part of version 2 says about the rest. */
export interface BinaryPlan {
  /** Bytes behind the fixed part. */
  readonly length: number;
  /** Of one address; 0: none that means anything to TCP, so that the connection's own hold. */
  readonly addressBytes: number;
}

/**
 * The octets behind the signature (section 2.2). LOCAL means the connection's own addresses, whatever else is in the header. So
 * does what is forwarded for something other than TCP over IP: valid, but not what this is.
 */
export function readBinaryPlan(fixed: Buffer): BinaryPlan | HeaderFault {
  const version = fixed[12]! >> 4;
  const command = fixed[12]! & 0x0f;
  const family = fixed[13]! >> 4;
  const transport = fixed[13]! & 0x0f;
  const length = fixed.readUInt16BE(14);
  if (version !== BINARY_VERSION) return headerFault('unknown-version');
  if (command !== COMMAND.LOCAL && command !== COMMAND.PROXY) return headerFault('unknown-command');
  if (length > MAX_BLOCK_BYTES) return headerFault('block-too-long');
  if (command === COMMAND.LOCAL) return { length, addressBytes: 0 };
  if (family > FAMILY.UNIX || transport > TRANSPORT.DGRAM) return headerFault('unknown-family');
  if (family === FAMILY.UNSPEC || transport === TRANSPORT.UNSPEC) return { length, addressBytes: 0 };
  if (length < BLOCK_BYTES[family]!) return headerFault('truncated-addresses');
  const isTcp = transport === TRANSPORT.STREAM;
  return { length, addressBytes: isTcp ? ADDRESS_BYTES[family]! : 0 };
}

/** Where the fields behind the addresses begin, from the fixed part on; there are none to be looked at where the addresses are not. */
export function fieldsOffset({ length, addressBytes }: BinaryPlan): number {
  return addressBytes === 0 ? length : 2 * addressBytes + PORTS_BYTES;
}

/** The addresses and ports that stand at the beginning of what follows the fixed part. */
export function readBinaryForm(header: Buffer, addressBytes: number): ProxyHeader {
  if (addressBytes === 0) return { endpoints: undefined };
  const source = BINARY_FIXED_BYTES;
  const destination = source + addressBytes;
  const ports = destination + addressBytes;
  return {
    endpoints: {
      source: {
        address: endpointAddress(header.subarray(source, destination)),
        port: header.readUInt16BE(ports),
      },
      destination: {
        address: endpointAddress(header.subarray(destination, ports)),
        port: header.readUInt16BE(ports + 2),
      },
    },
  };
}

/** By family: one address, and what a header of it must hold at least. A UNIX address is a path of up to 108 bytes. */
const ADDRESS_BYTES: readonly number[] = [0, IPV4_BYTES, IPV6_BYTES, 0];
const PORTS_BYTES = 4;
const BLOCK_BYTES: readonly number[] = [
  0,
  2 * IPV4_BYTES + PORTS_BYTES,
  2 * IPV6_BYTES + PORTS_BYTES,
  2 * 108,
];

/** The fixed part with the longest addresses that are read; the rest of a header is skipped. */
export const MAX_KEPT_BYTES: number = BINARY_FIXED_BYTES + 2 * IPV6_BYTES + PORTS_BYTES;
