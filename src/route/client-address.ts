import { type HeaderList, trimBlanks } from '../../protocols/http/header-list.ts';
import type { AddressBlocks } from '../core/address-blocks.ts';
import { type AddressKey, readAddress } from './condition/address-key.ts';

/**
 * Whose request a trusted proxy has passed on: each of them has appended to x-forwarded-for by whom it was asked, so from the right
 * the first address that is not itself trusted, or else the leftmost. What stands to the left of it anybody may have written.
 * Undefined when there is no such field, or when what stands there is no address.
 */
export function forwardedFor(headers: HeaderList, trusted: AddressBlocks): AddressKey | undefined {
  let leftmost: AddressKey | undefined;
  for (let i = headers.length - 2; i >= 0; i -= 2) {
    if (headers[i] !== 'x-forwarded-for') continue;
    const value = headers[i + 1]!;
    let end = value.length;
    while (end >= 0) {
      const comma = end === 0 ? -1 : value.lastIndexOf(',', end - 1);
      const text = trimBlanks(value.slice(comma + 1, end));
      const address = readAddress(text);
      if (address === undefined || !trusted.has(text)) return address;
      leftmost = address;
      end = comma;
    }
  }
  return leftmost;
}
