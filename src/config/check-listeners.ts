import { isIPv4 } from 'node:net';
import type { AddressSettings } from '../core/settings.ts';
import { readBindAddress } from './address.ts';
import { checkStreamTarget } from './check-streams.ts';
import { readIpAddress } from './ip-address.ts';
import { Refusal } from './leaf.ts';
import {
  DEFAULT_HEAD,
  DEFAULT_LINE,
  MAX_HEAD_BYTES,
  MIN_HEAD_BYTES,
  MIN_LINE_BYTES,
} from './limit-bounds.ts';
import {
  type Complaint,
  complain,
  complainAboutKey,
  complainOfAbsence,
  type Path,
  pathText,
} from './problem.ts';
import { entriesOf, listOf, memberOf } from './raw.ts';
import { readSize } from './size.ts';

/** Listeners and the admin address: every address once, and certificates where TLS is spoken. */
export function checkListeners(data: unknown): Complaint[] {
  const listeners = listOf(memberOf(data, 'listen'));
  const complaints: Complaint[] = [];
  const taken: Taken[] = [];
  const bind = (address: unknown, path: Path, overlaps: (taken: Taken, wanted: Taken) => boolean) => {
    const read = readBindAddress(address);
    if (read instanceof Refusal || read.port === 0) return;
    const wanted = { host: socketHost(read.host), port: read.port, by: pathText(path) };
    const earlier = taken.find((other) => other.port === wanted.port && overlaps(other, wanted));
    if (earlier === undefined) taken.push(wanted);
    else
      complaints.push(
        complain(path, `the address ${JSON.stringify(address)} is taken already, by ${earlier.by}`),
      );
  };

  const clusters = new Set(entriesOf(memberOf(data, 'clusters')).map(([name]) => name));
  const hasCertificate = listOf(memberOf(data, 'certificates')).length > 0;
  listeners.forEach((listener, i) => {
    bind(memberOf(listener, 'address'), ['listen', i, 'address'], isSame);
    const stream = memberOf(listener, 'stream');
    complaints.push(...checkStreamTarget(data, stream, ['listen', i, 'stream'], clusters));
    if (memberOf(listener, 'tls') !== true) return;
    if (stream !== undefined) complaints.push(complainAboutKey(['listen', i, 'stream'], ...STREAM_WITH_TLS));
    if (hasCertificate || hasOnlyPassthrough(data)) return;
    const hint = 'add an entry with cert and key to certificates';
    complaints.push(
      complainOfAbsence(['listen', i, 'tls'], 'TLS needs a certificate, and there is none', hint),
    );
  });
  bind(memberOf(memberOf(data, 'admin'), 'address'), ['admin', 'address'], covers);
  return complaints;
}

interface Taken extends Pick<AddressSettings, 'host' | 'port'> {
  readonly by: string;
}

/** However an address is written; of `::ffff:127.0.0.1` the kernel makes a socket of IPv4. */
function socketHost(host: string): string {
  const ip = readIpAddress(host);
  return ip instanceof Refusal ? host : ip;
}

/** Listeners share their ports among processes, and of an address and all addresses the kernel then prefers the one. */
function isSame(taken: Taken, { host }: Taken): boolean {
  return taken.host === host;
}

/** The admin address is not shared: no other socket may have its port at the same place. */
function covers(taken: Taken, { host }: Taken): boolean {
  const hosts = [taken.host, host];
  return taken.host === host || hosts.includes('::') || (hosts.includes('0.0.0.0') && hosts.every(isIPv4));
}

const STREAM_WITH_TLS = [
  '"stream" relays plain connections: not together with "tls"',
  'for streams behind TLS give a tenant tls: { protocols: [stream] } and a stream',
] as const;

/** Every tenant leaves TLS to its instances: nothing is ever terminated here. */
function hasOnlyPassthrough(data: unknown): boolean {
  const tenants = entriesOf(memberOf(data, 'tenants'));
  return (
    tenants.length > 0 &&
    tenants.every(([, tenant]) => memberOf(memberOf(tenant, 'tls'), 'passthrough') !== undefined)
  );
}

/** The bound of one line lies within the bound of the whole head. */
export function checkLimits(data: unknown): Complaint[] {
  const limits = memberOf(data, 'limits');
  const line = readSize(memberOf(limits, 'line') ?? DEFAULT_LINE, MIN_LINE_BYTES, MAX_HEAD_BYTES);
  const head = readSize(memberOf(limits, 'head') ?? DEFAULT_HEAD, MIN_HEAD_BYTES, MAX_HEAD_BYTES);
  if (line instanceof Refusal || head instanceof Refusal || line <= head) return [];
  const key = memberOf(limits, 'line') === undefined ? 'head' : 'line';
  return [complain(['limits', key], `a line of ${line} bytes does not fit into a head of ${head} bytes`)];
}
