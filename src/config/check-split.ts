import { checkReference } from './check-names.ts';
import { type Complaint, complain, complainAboutKey, type Path } from './problem.ts';
import { isMapping, listOf, memberOf } from './raw.ts';

/** The split of one route: clusters that there are, each once, and not all of them switched off. `path`: the route's. */
export function checkSplit(route: object, path: Path, clusters: ReadonlySet<string>): Complaint[] {
  const split = memberOf(route, 'split');
  if (split === undefined) return checkSplitOn(route, path);
  const complaints: Complaint[] = [];
  const shares = listOf(split);
  const seen = new Set<string>();
  for (const [i, share] of shares.entries()) {
    const at: Path = [...path, 'split', i, 'cluster'];
    const name = memberOf(share, 'cluster');
    const dangling = checkReference('cluster', name, clusters, at);
    if (dangling !== undefined) complaints.push(dangling);
    if (typeof name !== 'string') continue;
    if (seen.has(name))
      complaints.push(
        complain(at, `the cluster ${JSON.stringify(name)} is listed twice`, 'add up the weights'),
      );
    seen.add(name);
  }
  if (shares.length > 0 && shares.every((share) => isMapping(share) && memberOf(share, 'weight') === 0))
    complaints.push(
      complain(
        [...path, 'split'],
        'every weight is 0: no cluster would answer',
        'give at least one a weight',
      ),
    );
  return complaints;
}

function checkSplitOn(route: object, path: Path): Complaint[] {
  if (memberOf(route, 'splitOn') === undefined) return [];
  const hint = 'add split: [{ cluster: …, weight: … }], or take splitOn out';
  return [complainAboutKey([...path, 'splitOn'], '"splitOn" is for routes with "split"', hint)];
}
