/** IPv4 peers of a dual-stack socket appear as ::ffff:1.2.3.4; to everybody here they are 1.2.3.4. */
export function unmappedAddress(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
