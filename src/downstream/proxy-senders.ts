import { BlockList, isIPv6 } from 'node:net';
import type { ProxyProtocolSettings } from '../core/settings.ts';

/** The load balancers of a listener: those whose connections begin with a PROXY header. */
export class ProxySenders {
  readonly #blocks = new BlockList();

  constructor({ from }: ProxyProtocolSettings) {
    for (const block of from) {
      const [address, prefix] = block.split('/') as [string, string | undefined];
      const family = familyOf(address);
      if (prefix === undefined) this.#blocks.addAddress(address, family);
      else this.#blocks.addSubnet(address, Number(prefix), family);
    }
  }

  /** `address` as a session has it: IPv4 in four decimals. */
  includes(address: string): boolean {
    return this.#blocks.check(address, familyOf(address));
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
