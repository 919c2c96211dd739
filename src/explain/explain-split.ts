import type { Cluster } from '../balance/cluster.ts';
import { keyText } from '../proxy/hash-key.ts';
import type { Location } from '../proxy/location.ts';
import { splitCluster, splitKey } from '../proxy/split-choice.ts';
import { BUCKETS, bucketOf, type Split } from '../route/split.ts';

/** How a split deals a request. JSON-able. */
export interface ExplainedSplit {
  /** What decides: `cookie uid`, `address`. Null: nothing of the request, each is dealt by itself. */
  readonly on: string | null;
  /** What it is in this request, or the client's address in its place. Null: not said. */
  readonly key: string | null;
  /** The request does not have what decides, so the address of its client does. */
  readonly byAddress: boolean;
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
  /** That of the key, for this share. Null: there is no key, or nothing to decide. */
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
    byAddress: on !== undefined && on.kind !== 'address' && !keyText(on, location),
    shares: shares.map(({ cluster: { name }, weight, from }, position) => ({
      cluster: name,
      weight,
      share: weight / total,
      from: on === undefined || weight === 0 ? null : position === 0 ? 0 : from,
      bucket: key === null || position === 0 ? null : bucketOf(key, position),
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

/** What decides, and a line for each share: `-> next weight 5 (5 %): takes buckets from 9500 on, this one is 9712 of 10000`. */
export function splitLines(split: ExplainedSplit, chosen: string | undefined): string[] {
  return [
    keyLine(split),
    ...split.shares.map((share) => `${share.cluster === chosen ? '-> ' : '   '}${shareText(share)}`),
  ];
}

function keyLine({ on, key, byAddress }: ExplainedSplit): string {
  if (on === null) return 'each request is dealt by itself';
  const way = byAddress ? `${on}, which is not there, so by address` : on;
  return `by ${way}: ${key === null ? 'the client is not said' : JSON.stringify(key)}`;
}

function shareText({ cluster, weight, share, from, bucket }: ExplainedShare): string {
  const taken = from === null ? '' : from === 0 ? 'takes the rest' : `takes buckets from ${from} on`;
  const own = bucket === null || !from ? '' : `, this one is ${bucket} of ${BUCKETS}`;
  return `${cluster} weight ${weight} (${percent(share)})${taken === '' ? '' : `: ${taken}`}${own}`;
}
