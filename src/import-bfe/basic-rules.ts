import { Fields } from './fields.ts';
import { type Located, shown } from './located.ts';
import type { Place, Report } from './report.ts';

/** Asks the rules with conditions in place of a cluster. */
const ADVANCED_MODE = 'ADVANCED_MODE';

/** What BFE does with one path of one host. */
export interface BasicRule {
  /** As Portico writes paths: `/a` or `/a/*`. */
  readonly path: string;
  /** Undefined: the rules with conditions are asked. */
  readonly cluster: { readonly value: string; readonly place: Place } | undefined;
  readonly place: Place;
}

/** Rules by host (`a.b`, `*.b`, `*`) and path: BFE's two trees. */
export type BasicRules = ReadonlyMap<string, ReadonlyMap<string, BasicRule>>;

/** The rules of one product in `BasicRule`. */
export function readBasicRules(rules: readonly Located[], product: string, report: Report): BasicRules {
  const hosts = new Map<string, Map<string, BasicRule>>();
  for (const [i, node] of rules.entries()) {
    const what = `basic rule ${i + 1} of ${shown(product)}`;
    const fields = new Fields(node, what, report);
    const [names, paths, cluster] = [
      fields.texts('Hostname'),
      fields.texts('Path'),
      fields.text('ClusterName'),
    ];
    fields.end();
    if (cluster === undefined || (names.length === 0 && paths.length === 0)) {
      report.dropped(node.place, `${what} needs ClusterName, and Hostname or Path`);
      continue;
    }
    const isAdvanced = cluster.value === ADVANCED_MODE;
    for (const name of names.length === 0 ? [{ value: '*', place: node.place }] : names) {
      const host = hostKey(name.value);
      if (host === undefined) {
        report.dropped(name.place, `${what}: ${shown(name.value)} is neither a host nor *.host nor *`);
        continue;
      }
      const known = hosts.get(host) ?? new Map<string, BasicRule>();
      for (const written of paths.length === 0 ? [{ value: '*', place: node.place }] : paths) {
        const path = pathKey(written.value);
        if (path === undefined) {
          report.dropped(written.place, `${what}: ${shown(written.value)} can be the path of no request`);
        } else if (known.has(path)) {
          report.dropped(
            written.place,
            `${what}: another rule has ${shown(name.value)} and ${shown(written.value)} already`,
          );
        } else {
          hosts.set(
            host,
            known.set(path, { path, cluster: isAdvanced ? undefined : cluster, place: node.place }),
          );
        }
      }
    }
    const target = isAdvanced ? 'the rules with conditions' : `cluster ${shown(cluster.value)}`;
    report.kept(node.place, `${what}, as routes by host and path to ${target}`);
  }
  return hosts;
}

function hostKey(written: string): string | undefined {
  const host = written.toLowerCase();
  const stars = host.split('*').length - 1;
  if (host === '' || stars > 1 || (stars === 1 && host !== '*' && !host.startsWith('*.'))) return undefined;
  return host;
}

/** `/a*` of BFE stands for whole segments. */
function pathKey(written: string): string | undefined {
  if (written === '*') return '/*';
  if (!written.startsWith('/') || written.slice(0, -1).includes('*')) return undefined;
  if (!written.endsWith('*')) return encoded(written);
  const bare = written.slice(0, -1);
  return `${encoded(bare.endsWith('/') ? bare : `${bare}/`)}*`;
}

/** BFE compares decoded paths, Portico those in which what must be encoded is. */
function encoded(path: string): string {
  return encodeURI(path).replaceAll('?', '%3F').replaceAll('#', '%23');
}
