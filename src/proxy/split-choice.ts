import type { Cluster } from '../balance/cluster.ts';
import type { HashOnSettings } from '../core/settings.ts';
import type { Split } from '../route/split.ts';
import { keyText } from './hash-key.ts';
import type { Location } from './location.ts';

/**
 * The cluster of a split that an exchange goes to. A key follows from the head, and is looked at once for it and its repetitions;
 * without one each exchange has its own turn.
 */
export function splitCluster(split: Split<Cluster>, location: Location): Cluster {
  if (split.on === undefined) return split.next();
  location.splitCluster ??= split.byKey(splitKey(split.on, location));
  return location.splitCluster;
}

/**
 * What decides about the cluster. A request that does not have what is asked for goes by the address of its client: a page and what it
 * loads stay together before the cookie is there.
 */
export function splitKey(on: HashOnSettings, location: Location): string {
  const text = on.kind === 'address' ? '' : keyText(on, location);
  return text || location.clientAddress;
}
