import { checkReference } from './check-names.ts';
import { type Complaint, complain, complainAboutKey, type Path } from './problem.ts';
import { listOf, memberOf } from './raw.ts';

/** What is answered here is forwarded to nobody, and so there is nothing to copy. */
const LOCAL_TARGETS = ['handler', 'redirect', 'respond'];

/** The mirror of a route: a cluster that there is, and not the one that answers. */
export function checkMirror(route: object, path: Path, clusters: ReadonlySet<string>): Complaint[] {
  const mirror = memberOf(route, 'mirror');
  if (mirror === undefined) return [];
  const at: Path = [...path, 'mirror'];
  const complaints: Complaint[] = [];
  const local = LOCAL_TARGETS.find((key) => memberOf(route, key) !== undefined);
  if (local !== undefined) {
    const hint = `requests that ${local} answers go to no backend: take mirror out`;
    complaints.push(complainAboutKey(at, '"mirror" is for routes that lead to a cluster', hint));
  }
  const cluster = memberOf(mirror, 'cluster');
  const dangling = checkReference('cluster', cluster, clusters, [...at, 'cluster']);
  if (dangling !== undefined) complaints.push(dangling);
  const answering = [route, ...listOf(memberOf(route, 'split'))].map((part) => memberOf(part, 'cluster'));
  if (cluster !== undefined && answering.includes(cluster)) {
    const message = `the route leads to ${JSON.stringify(cluster)} already: it would get requests twice`;
    complaints.push(complain([...at, 'cluster'], message, 'name another cluster'));
  }
  return complaints;
}
