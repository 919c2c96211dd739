import type { Cluster } from '../balance/cluster.ts';
import type { Location } from '../proxy/location.ts';
import { splitCluster, splitKey } from '../proxy/split-choice.ts';
import { BUCKETS, bucketOf, type Split } from '../route/split.ts';

/** How a split deals a request. JSON-able. */
export interface ExplainedSplit {
  /** What decides: `cookie uid`, `address`. Null: nothing of the request, each is dealt by itself. */
  readonly on: string | null;
  /** What it is in this request, or the client's address in its place. Null: not said. */
  readonly key: string | null;
  /** In the order of the file. */
  readonly shares: readonly ExplainedShare[];
}

interface ExplainedShare {
  readonly cluster: string;
  readonly weight: number;
  /** Its part of the requests, from 0 to 1. */
  readonly share: number;
  /** It takes the buckets from there on, of 10,000. Null: it has none. The first takes what is left. */
  readonly from: number | null;
  /** That of the key, for this share. Null: there is no key. */
  readonly bucket: number | null;
}

/** The cluster that a split leads a request to; undefined where that is another for each. */
export function explainedCluster(split: Split<Cluster>, location: Location): Cluster | undefined {
  const served = split.shares.filter(({ weight }) => weight > 0);
  if (served.length === 1) return served[0]!.cluster;
  return keyOf(split, location) === null ? undefined : splitCluster(split, location);
}

export function explainSplit(split: Split<Cluster>, location: Location): ExplainedSplit {
  const { on, shares } = split;
  const key = keyOf(split, location);
  const total = shares.reduce((sum, { weight }) => sum + weight, 0);
  return {
    on: on === undefined ? null : 'name' in on ? `${on.kind} ${on.name}` : on.kind,
    key,
    shares: shares.map(({ cluster: { name }, weight, from }, position) => ({
      cluster: name,
      weight,
      share: weight / total,
      from: on === undefined || weight === 0 ? null : position === 0 ? 0 : from,
      bucket: key === null ? null : bucketOf(key, position),
    })),
  };
}

/** Where nobody has said who asks, an address cannot decide. */
function keyOf({ on }: Split<Cluster>, location: Location): string | null {
  return on === undefined ? null : splitKey(on, location) || null;
}

/** `5 %`, `0.25 %`. */
export function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}

/** A line for each share: `-> shop-next weight 5 (5 %): bucket 9712 of 10000, takes 9500 and up`. */
export function splitLines({ on, key, shares }: ExplainedSplit, chosen: string | undefined): string[] {
  return [
    on === null
      ? 'each request is dealt by itself'
      : `by ${on}: ${key === null ? 'this request does not say' : JSON.stringify(key)}`,
    ...shares.map((share) => `${share.cluster === chosen ? '-> ' : '   '}${shareText(share)}`),
  ];
}

function shareText({ cluster, weight, share, from, bucket }: ExplainedShare): string {
  const taken = from === null ? '' : from === 0 ? 'takes the rest' : `takes buckets from ${from} on`;
  const own = bucket === null || !from ? '' : `, this one is ${bucket} of ${BUCKETS}`;
  return `${cluster} weight ${weight} (${percent(share)})${taken === '' ? '' : `: ${taken}`}${own}`;
}
