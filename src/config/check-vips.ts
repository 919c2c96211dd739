import { readIpAddress } from './ip-address.ts';
import { Refusal } from './leaf.ts';
import { type Complaint, complain, type Path, pathText } from './problem.ts';
import { entriesOf, listOf, memberOf } from './raw.ts';

/** A virtual address stands for one tenant, and for one certificate. */
export function checkVips(data: unknown): Complaint[] {
  const complaints: Complaint[] = [];
  const tenants = entriesOf(memberOf(data, 'tenants')).map(
    ([name, tenant]) => [['tenants', name, 'vips'], memberOf(tenant, 'vips')] as const,
  );
  const certificates = listOf(memberOf(data, 'certificates')).map(
    (entry, i) => [['certificates', i, 'vips'], memberOf(entry, 'vips')] as const,
  );
  for (const lists of [tenants, certificates]) checkLists(lists, complaints);
  return complaints;
}

function checkLists(lists: readonly (readonly [Path, unknown])[], complaints: Complaint[]): void {
  const taken = new Map<string, string>();
  for (const [path, vips] of lists) {
    listOf(vips).forEach((written, i) => {
      const vip = readIpAddress(written);
      if (vip instanceof Refusal) return;
      const owner = taken.get(vip);
      if (owner === undefined) taken.set(vip, pathText(path));
      else
        complaints.push(complain([...path, i], `the VIP ${JSON.stringify(written)} is in ${owner} already`));
    });
  }
}
