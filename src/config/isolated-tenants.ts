import { isIP } from 'node:net';
import { readHostPattern } from './host-name.ts';
import type { Complaint } from './problem.ts';
import { entriesOf, isMapping, listOf, memberOf } from './raw.ts';

/** A configuration of which some tenants are wrong, and nothing else. */
interface Isolation {
  /** The same data, with these tenants replaced. */
  readonly data: unknown;
  readonly names: readonly string[];
}

/**
 * Where all that is wrong is within tenants that say `isolate: true`: the configuration without them. Their hosts stay theirs and are
 * answered 503: they must not fall to the default tenant, which may ask for less. Undefined where something else is wrong too.
 */
export function isolateTenants(data: unknown, complaints: readonly Complaint[]): Isolation | undefined {
  const tenants = memberOf(data, 'tenants');
  const bad = new Set<string>();
  for (const { path } of complaints) {
    const [top, name] = path;
    if (top !== 'tenants' || typeof name !== 'string') return undefined;
    if (memberOf(memberOf(tenants, name), 'isolate') !== true) return undefined;
    bad.add(name);
  }
  if (bad.size === 0 || !isMapping(data)) return undefined;
  const taken = new Set<string>();
  const others = entriesOf(tenants).filter(([name]) => !bad.has(name));
  for (const host of others.flatMap(([, tenant]) => readableHosts(tenant))) taken.add(host);
  const kept: Record<string, unknown> = {};
  for (const [name, tenant] of entriesOf(tenants)) {
    if (!bad.has(name)) kept[name] = tenant;
    else {
      const hosts = readableHosts(tenant).filter((host) => !taken.has(host));
      for (const host of hosts) taken.add(host);
      if (hosts.length > 0)
        kept[name] = { hosts, vips: readableVips(tenant), routes: [{ respond: OUT_OF_ORDER }] };
    }
  }
  return { data: { ...data, tenants: kept }, names: [...bad] };
}

const OUT_OF_ORDER = { status: 503, body: 'The configuration of this site is not good.\n' };

function readableVips(tenant: unknown): unknown[] {
  return listOf(memberOf(tenant, 'vips')).filter((vip) => typeof vip === 'string' && isIP(vip) !== 0);
}

/** Each once. */
function readableHosts(tenant: unknown): string[] {
  const hosts = listOf(memberOf(tenant, 'hosts')).map(readHostPattern);
  return [...new Set(hosts.filter((host) => typeof host === 'string'))];
}
