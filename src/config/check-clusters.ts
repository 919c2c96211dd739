import { readTargetAddress } from './address.ts';
import { checkHealth } from './check-health.ts';
import { checkNames, checkReference } from './check-names.ts';
import { checkSubClusters } from './check-sub-clusters.ts';
import { Refusal } from './leaf.ts';
import { type Complaint, complain, complainAboutKey, type Path } from './problem.ts';
import { entriesOf, listOf, memberOf } from './raw.ts';

/** What each cluster is made of, and every instance once in it: two entries would share one pool and count failures twice. */
export function checkClusters(data: unknown): Complaint[] {
  const clusters = memberOf(data, 'clusters');
  const complaints = checkNames(['clusters'], clusters);
  const entries = entriesOf(clusters);
  const known = new Set(entries.map(([name]) => name));
  for (const [name, cluster] of entries) {
    const path = ['clusters', name];
    complaints.push(
      ...checkPipelining(name, cluster),
      ...checkHashOn(name, cluster),
      ...checkSlowStart(name, cluster),
      ...checkQueue(name, cluster),
      ...checkHedge(name, cluster),
    );
    complaints.push(...checkFallback(path, cluster, known), ...checkHealth(path, cluster));
    complaints.push(...checkSubClusters(path, cluster), ...checkInstances(path, cluster));
  }
  return complaints;
}

function checkInstances(path: Path, cluster: unknown): Complaint[] {
  const complaints: Complaint[] = [];
  const seen = new Set<string>();
  const check = (owner: unknown, at: Path): void =>
    listOf(memberOf(owner, 'instances')).forEach((instance, i) => {
      const address = readTargetAddress(memberOf(instance, 'address'));
      if (address instanceof Refusal) return;
      const key = `${address.host} ${address.port}`;
      if (!seen.has(key)) {
        seen.add(key);
        return;
      }
      complaints.push(
        complain(
          [...at, 'instances', i, 'address'],
          `the instance ${JSON.stringify(address.text)} is listed twice`,
          'for a larger share, give it a weight',
        ),
      );
    });
  check(cluster, path);
  for (const [name, pool] of entriesOf(memberOf(cluster, 'subClusters')))
    check(pool, [...path, 'subClusters', name]);
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

/** A key cannot go to its instance a tenth of the time. */
function checkSlowStart(name: string, cluster: unknown): Complaint[] {
  const balance = memberOf(cluster, 'balance');
  if (memberOf(cluster, 'slowStart') === undefined || (balance !== 'ring-hash' && balance !== 'maglev'))
    return [];
  const message = `"slowStart" is not for ${balance}, where keys decide`;
  return [complainAboutKey(['clusters', name, 'slowStart'], message, 'take it out')];
}

/** Without a bound nobody has to wait. */
function checkQueue(name: string, cluster: unknown): Complaint[] {
  if (memberOf(cluster, 'queue') === undefined || memberOf(cluster, 'maxRequests') !== undefined) return [];
  const hint = 'add maxRequests: 100, or take queue out';
  return [complainAboutKey(['clusters', name, 'queue'], '"queue" is for maxRequests', hint)];
}

/** A client that belongs to one instance would be answered by another, and belong to that from then on. */
function checkHedge(name: string, cluster: unknown): Complaint[] {
  if (memberOf(cluster, 'hedge') === undefined || memberOf(cluster, 'sticky') === undefined) return [];
  const hint = 'take one of them out';
  return [complainAboutKey(['clusters', name, 'hedge'], '"hedge" is not for clusters with "sticky"', hint)];
}

function checkFallback(path: Path, cluster: unknown, known: ReadonlySet<string>): Complaint[] {
  const fallback = memberOf(memberOf(cluster, 'breaker'), 'fallback');
  const at: Path = [...path, 'breaker', 'fallback'];
  if (fallback === path.at(-1)) return [complain(at, 'a cluster cannot stand in for itself')];
  const dangling = checkReference('cluster', fallback, known, at);
  return dangling === undefined ? [] : [dangling];
}
