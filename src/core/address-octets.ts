/**
 * The 4 or 16 octets of an IP address, one character each (latin-1), from its text: IPv6 in any of its forms, a zone
 * (`%eth0`) left out. '' for what is no address.
 */
export function addressOctets(address: string): string {
  return address.includes(':') ? ipv6Octets(address) : ipv4Octets(address);
}

function ipv4Octets(address: string): string {
  const parts = address.split('.').map(Number);
  const isAddress = parts.length === 4 && parts.every((part) => part >= 0 && part <= 255);
  return isAddress ? String.fromCharCode(...parts) : '';
}

function ipv6Octets(address: string): string {
  const zone = address.indexOf('%');
  const [head = '', tail = ''] = (zone < 0 ? address : address.slice(0, zone)).split('::').map(groupOctets);
  const missing = IPV6_OCTETS - head.length - tail.length;
  return missing < 0 ? '' : head + '\0'.repeat(missing) + tail;
}

const IPV6_OCTETS = 16;

/** Groups of an IPv6 address, of which the last may be an IPv4 address. */
function groupOctets(groups: string): string {
  if (groups === '') return '';
  return groups
    .split(':')
    .map((group) => {
      if (group.includes('.')) return ipv4Octets(group);
      const value = Number.parseInt(group, 16);
      return String.fromCharCode(value >> 8, value & 0xff);
    })
    .join('');
}
