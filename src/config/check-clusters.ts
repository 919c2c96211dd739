import { readTargetAddress } from './address.ts';
import { checkNames } from './check-names.ts';
import { Refusal } from './leaf.ts';
import { type Complaint, complain, complainAboutKey } from './problem.ts';
import { entriesOf, listOf, memberOf } from './raw.ts';

/** Every instance once in its cluster: two entries would share one pool and count failures twice. */
export function checkClusters(data: unknown): Complaint[] {
  const clusters = memberOf(data, 'clusters');
  const complaints = checkNames('clusters', clusters);
  for (const [name, cluster] of entriesOf(clusters)) {
    complaints.push(...checkPipelining(name, cluster), ...checkHashOn(name, cluster));
    const seen = new Set<string>();
    listOf(memberOf(cluster, 'instances')).forEach((instance, i) => {
      const address = readTargetAddress(memberOf(instance, 'address'));
      if (address instanceof Refusal) return;
      const key = `${address.host} ${address.port}`;
      if (!seen.has(key)) {
        seen.add(key);
        return;
      }
      const path = ['clusters', name, 'instances', i, 'address'];
      complaints.push(
        complain(
          path,
          `the instance ${JSON.stringify(address.text)} is listed twice`,
          'for a larger share, give it a weight',
        ),
      );
    });
  }
  return complaints;
}

/** HTTP/2 has no use for it. */
function checkPipelining(name: string, cluster: unknown): Complaint[] {
  const protocol = memberOf(cluster, 'protocol');
  if (memberOf(cluster, 'pipelining') === undefined || (protocol !== 'h2' && protocol !== 'h2c')) return [];
  const message = '"pipelining" is for HTTP/1.1';
  const hint = `${protocol} carries many requests at a time anyway`;
  return [complainAboutKey(['clusters', name, 'pipelining'], message, hint)];
}

/** The other ways look at no key. */
function checkHashOn(name: string, cluster: unknown): Complaint[] {
  const balance = memberOf(cluster, 'balance');
  if (memberOf(cluster, 'hashOn') === undefined || balance === 'ring-hash' || balance === 'maglev') return [];
  const hint = 'add balance: maglev, or take hashOn out';
  return [complainAboutKey(['clusters', name, 'hashOn'], '"hashOn" is for ring-hash and maglev', hint)];
}
