import { checkNames } from './check-names.ts';
import { type Complaint, complain, complainAboutKey, complainOfAbsence, type Path } from './problem.ts';
import { entriesOf, memberOf } from './raw.ts';

/** A cluster has instances or sub-clusters, a sub-cluster has instances or is a blackhole, and somebody has a share. */
export function checkSubClusters(path: Path, cluster: unknown): Complaint[] {
  const pools = memberOf(cluster, 'subClusters');
  const hasInstances = memberOf(cluster, 'instances') !== undefined;
  if (pools === undefined) {
    return hasInstances ? [] : [complainOfAbsence([...path, 'instances'], '"instances" is missing')];
  }
  const at: Path = [...path, 'subClusters'];
  if (hasInstances)
    return [
      complainAboutKey(
        at,
        'a cluster has "instances" or "subClusters", not both',
        'put each instance into a sub-cluster',
      ),
    ];
  const complaints = checkNames(at, pools);
  const entries = entriesOf(pools);
  for (const [name, pool] of entries) complaints.push(...checkPool([...at, name], pool));
  const served = entries.filter(([, pool]) => memberOf(pool, 'blackhole') !== true);
  if (served.length === 0)
    complaints.push(complain(at, 'no sub-cluster has instances: every request would be refused'));
  else if (served.every(([, pool]) => memberOf(pool, 'weight') === 0))
    complaints.push(
      complain(at, 'every sub-cluster has weight 0: none would get a request', 'give at least one a weight'),
    );
  return complaints;
}

function checkPool(path: Path, pool: unknown): Complaint[] {
  const isBlackhole = memberOf(pool, 'blackhole') === true;
  const hasInstances = memberOf(pool, 'instances') !== undefined;
  if (isBlackhole && hasInstances)
    return [
      complainAboutKey(
        [...path, 'instances'],
        'a blackhole has no instances',
        'take them out, or "blackhole"',
      ),
    ];
  if (isBlackhole || hasInstances) return [];
  return [complainOfAbsence([...path, 'instances'], '"instances" is missing', 'or write blackhole: true')];
}
