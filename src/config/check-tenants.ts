import { checkExpectations } from './check-expectations.ts';
import { checkNames, checkReference } from './check-names.ts';
import { checkRoutes } from './check-routes.ts';
import { checkTenantStreams } from './check-streams.ts';
import { readHostPattern } from './host-name.ts';
import { Refusal } from './leaf.ts';
import { type Complaint, complain } from './problem.ts';
import { entriesOf, listOf, memberOf } from './raw.ts';

/** Tenants among each other (a host has one owner), and with what they point at. `handlers`: those of the embedding program. */
export function checkTenants(data: unknown, handlers: ReadonlySet<string>): Complaint[] {
  const tenants = entriesOf(memberOf(data, 'tenants'));
  const clusters = new Set(entriesOf(memberOf(data, 'clusters')).map(([name]) => name));
  const complaints = checkNames(['tenants'], memberOf(data, 'tenants'));
  const owners = new Map<string, string>();
  for (const [name, tenant] of tenants) {
    const hosts: string[] = [];
    listOf(memberOf(tenant, 'hosts')).forEach((written, i) => {
      const host = readHostPattern(written);
      if (host instanceof Refusal) return;
      hosts.push(host);
      const owner = owners.get(host);
      if (owner === undefined) owners.set(host, name);
      else complaints.push(complain(['tenants', name, 'hosts', i], hostTaken(host, owner, name)));
    });
    complaints.push(...checkTenantStreams(data, name, tenant, clusters));
    const targets = { clusters, handlers };
    checkRoutes(name, memberOf(tenant, 'routes'), hosts, targets, complaints);
    complaints.push(...checkExpectations(name, memberOf(tenant, 'expect'), hosts, targets));
  }
  const names = new Set(tenants.map(([name]) => name));
  const dangling = checkReference('tenant', memberOf(data, 'defaultTenant'), names, ['defaultTenant']);
  if (dangling !== undefined) complaints.push(dangling);
  return complaints;
}

function hostTaken(host: string, owner: string, name: string): string {
  const shown = JSON.stringify(host);
  return owner === name
    ? `the host ${shown} is listed twice`
    : `the host ${shown} belongs to tenant ${JSON.stringify(owner)} already`;
}
