import { BlockList, isIP, isIPv6 } from 'node:net';

/** Addresses and CIDR blocks, as configurations list them. */
export class AddressBlocks {
  readonly isEmpty: boolean;
  readonly #blocks = new BlockList();

  /** Throws for what is neither an address nor a block; settings have none such. */
  constructor(blocks: readonly string[]) {
    this.isEmpty = blocks.length === 0;
    for (const block of blocks) {
      const [address, prefix] = block.split('/') as [string, string | undefined];
      const family = isIPv6(address) ? 'ipv6' : 'ipv4';
      if (prefix === undefined) this.#blocks.addAddress(address, family);
      else this.#blocks.addSubnet(address, Number(prefix), family);
    }
  }

  /** Of what is no address nothing is listed. */
  has(address: string): boolean {
    const family = this.isEmpty ? 0 : isIP(address);
    return family !== 0 && this.#blocks.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }
}
