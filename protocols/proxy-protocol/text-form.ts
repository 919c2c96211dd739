import { type HeaderFault, headerFault } from './errors.ts';
import { MAX_PORT, type ProxyHeader } from './header.ts';
import { decimal, endpointAddress, ipv4Bytes, ipv6Bytes } from './ip-address.ts';

/**
 * A line of version 1, without `PROXY ` and without its CRLF:
 *
 *   TCP4 192.0.2.7 10.1.2.3 56324 443
 *   UNKNOWN anything
 *
 * By the letter (section 2.1): one space between parts, no leading zeros. Who reads a line more loosely than its sender wrote it
 * believes an address that nobody vouches for.
 */
export function readTextForm(line: string): ProxyHeader | HeaderFault {
  const [protocol, sourceText, destinationText, sourcePortText, destinationPortText, ...more] = line.split(
    ' ',
    MAX_PARTS + 1,
  );
  if (protocol === 'UNKNOWN') return { endpoints: undefined };
  if (protocol !== 'TCP4' && protocol !== 'TCP6') return headerFault('unknown-protocol');
  if (destinationPortText === undefined || more.length > 0) return headerFault('bad-line');

  const readAddress = protocol === 'TCP4' ? ipv4Bytes : ipv6Bytes;
  const source = readAddress(sourceText!);
  const destination = readAddress(destinationText!);
  if (source === undefined || destination === undefined) return headerFault('bad-address');
  const sourcePort = decimal(sourcePortText!, MAX_PORT);
  const destinationPort = decimal(destinationPortText, MAX_PORT);
  if (sourcePort === undefined || destinationPort === undefined) return headerFault('bad-port');
  return {
    endpoints: {
      source: { address: endpointAddress(source), port: sourcePort },
      destination: { address: endpointAddress(destination), port: destinationPort },
    },
  };
}

const MAX_PARTS = 5;
