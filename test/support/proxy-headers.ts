import { Buffer } from 'node:buffer';

/** PROXY headers as senders write them, made by hand: nothing of the code under test is in here. */

export const PROXY_SIGNATURE: Buffer = Buffer.from('0d0a0d0a000d0a515549540a', 'hex');

/** Version 2: `command` and `family` are the 13th and 14th octet; the length is that of `block` unless told otherwise. */
export function proxyBlock(command: number, family: number, block: Buffer, length = block.length): Buffer {
  const fixed = Buffer.from([command, family, length >> 8, length & 0xff]);
  return Buffer.concat([PROXY_SIGNATURE, fixed, block]);
}

/** Octets of the addresses of TCP over IPv4: 192.0.2.7:56324 to 10.1.2.3:443. */
export const IPV4_BLOCK: Buffer = Buffer.from('c00002070a010203dc0401bb', 'hex');

/** 2001:db8::7 port 56324 to 2001:db8:0:1::443 port 443. */
export const IPV6_BLOCK: Buffer = Buffer.from(
  '20010db800000000000000000000000720010db8000000010000000000000443dc0401bb',
  'hex',
);

/** A TLV as senders put it behind the addresses (section 2.2). */
export function tlv(type: number, value: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type, value.length >> 8, value.length & 0xff]), value]);
}
