import { isIP } from 'node:net';
import type { AddressSettings } from '../core/settings.ts';
import { readPlainHost } from './host-name.ts';
import { Refusal, refuse, refuseValue } from './leaf.ts';

export const BIND_PATTERN = '^(\\[[0-9A-Fa-f:.%]+\\]|[^:\\s\\[\\]]*):\\d{1,5}$';
export const TARGET_PATTERN = '^(\\[[0-9A-Fa-f:.%]+\\]|[^:\\s\\[\\]]+):\\d{1,5}$';

const BIND_EXPECTED = 'an address to listen on such as ":8080", "127.0.0.1:8080" or "[::1]:8080"';
const TARGET_EXPECTED = 'an address such as "127.0.0.1:9001", "[::1]:9001" or "backend.example.org:9001"';

/** An address to listen on: without a host all interfaces, both families; port 0 lets the system choose. */
export function readBindAddress(value: unknown): AddressSettings | Refusal {
  const address = readAddress(value, BIND_EXPECTED, '":8080"');
  if (address instanceof Refusal || address.host !== '') return address;
  // A socket bound to :: takes IPv4 too (ipv6Only is off).
  return { ...address, host: '::' };
}

/** An address to connect to: host and port, neither left out nor 0. */
export function readTargetAddress(value: unknown): AddressSettings | Refusal {
  const address = readAddress(value, TARGET_EXPECTED, '"127.0.0.1:9001"');
  if (address instanceof Refusal) return address;
  if (address.host === '')
    return refuseValue(TARGET_EXPECTED, value, `name the host: "127.0.0.1${address.text}"`);
  if (address.port === 0) return refuse(`port 0 cannot be connected to`);
  return address;
}

function readAddress(value: unknown, expected: string, example: string): AddressSettings | Refusal {
  if (typeof value !== 'string') {
    return refuseValue(
      expected,
      value,
      typeof value === 'number' ? `write ${example}, in quotes` : undefined,
    );
  }
  const colon = value.lastIndexOf(':');
  const portText = value.slice(colon + 1);
  if (isIP(value) === 6) return refuseValue(expected, value, `write "[${value}]:PORT"`);
  if (colon < 0 || !/^\d{1,6}$/.test(portText)) return refuseValue(expected, value, missingPort(value));
  const port = Number(portText);
  if (port > 65_535) return refuse(`port ${portText} is out of range: 0 to 65535`);

  const written = value.slice(0, colon);
  if (written === '') return { host: '', port, text: value };
  if (written.startsWith('[') && written.endsWith(']')) {
    const literal = written.slice(1, -1);
    return isIP(literal) === 6 ? { host: literal, port, text: value } : refuseValue(expected, value);
  }
  const host = readPlainHost(written);
  return host instanceof Refusal ? refuse(host.message, schemeHint(value)) : { host, port, text: value };
}

function missingPort(value: string): string | undefined {
  return schemeHint(value) ?? (/^[^:\s/]+:?$/.test(value) ? 'the port is missing' : undefined);
}

function schemeHint(value: string): string | undefined {
  return value.includes('//') ? 'only host and port: no scheme, no path' : undefined;
}
