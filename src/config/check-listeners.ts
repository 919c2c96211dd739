import { readBindAddress } from './address.ts';
import { checkStreamTarget } from './check-streams.ts';
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
  const taken = new Map<string, string>();
  const bind = (address: unknown, path: Path) => {
    const read = readBindAddress(address);
    if (read instanceof Refusal || read.port === 0) return;
    const key = `${read.host} ${read.port}`;
    const earlier = taken.get(key);
    if (earlier === undefined) taken.set(key, pathText(path));
    else
      complaints.push(
        complain(path, `the address ${JSON.stringify(address)} is taken already, by ${earlier}`),
      );
  };

  const clusters = new Set(entriesOf(memberOf(data, 'clusters')).map(([name]) => name));
  const hasCertificate = listOf(memberOf(data, 'certificates')).length > 0;
  listeners.forEach((listener, i) => {
    bind(memberOf(listener, 'address'), ['listen', i, 'address']);
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
  bind(memberOf(memberOf(data, 'admin'), 'address'), ['admin', 'address']);
  return complaints;
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
