import {
  cellsOf,
  type FamilySnapshot,
  MAX_SERIES,
  type MergeRule,
  OTHER,
  type RegistrySnapshot,
  seriesOf,
} from './registry.ts';

/**
 * One picture of several processes. Families are matched by name, series by their label values; counters and histograms
 * are summed, gauges by their rule. The bound on series holds for the result too: what does not fit goes to `other`.
 */
export function mergeSnapshots(snapshots: readonly RegistrySnapshot[]): RegistrySnapshot {
  const groups = new Map<string, FamilySnapshot[]>();
  for (const snapshot of snapshots) {
    for (const family of snapshot.families) {
      const group = groups.get(family.name);
      if (group === undefined) groups.set(family.name, [family]);
      else group.push(family);
    }
  }
  return { families: Array.from(groups.values(), mergeFamilies) };
}

/**
 * What must be kept of a process that has ended: its counts, without its gauges. Were they dropped, the sums would go down,
 * and a monitoring system would take that for a restart of everything and show a spike.
 */
export function countsOnly(snapshot: RegistrySnapshot): RegistrySnapshot {
  return { families: snapshot.families.filter((family) => family.kind !== 'gauge') };
}

function mergeFamilies(group: readonly FamilySnapshot[]): FamilySnapshot {
  const first = group[0]!;
  if (group.length === 1) return first;
  const cells = cellsOf(first);
  const series: (readonly string[])[] = [];
  const places = new Map<string, number>();
  const values = new Float64Array(group.reduce((sum, family) => sum + family.values.length, 0));
  for (const family of group) {
    for (const { labels, values: added } of seriesOf(family)) {
      const { labels: told, key } = boundedLabels(labels, places);
      const place = places.get(key);
      if (place !== undefined) combine(values, place * cells, added, first.merge);
      else {
        values.set(added, series.length * cells);
        places.set(key, series.length);
        series.push(told);
      }
    }
  }
  return { ...first, series, values: values.slice(0, series.length * cells) };
}

/** What a series is told under: its own labels, or `other` where there is no room for them. */
function boundedLabels(
  labels: readonly string[],
  places: ReadonlyMap<string, number>,
): { readonly labels: readonly string[]; readonly key: string } {
  const key = JSON.stringify(labels);
  if (places.size < MAX_SERIES || places.has(key)) return { labels, key };
  const others = labels.map(() => OTHER);
  return { labels: others, key: JSON.stringify(others) };
}

function combine(target: Float64Array, from: number, values: Float64Array, rule: MergeRule): void {
  for (let i = 0; i < values.length; i += 1) {
    const a = target[from + i]!;
    const b = values[i]!;
    target[from + i] = rule === 'sum' ? a + b : rule === 'min' ? Math.min(a, b) : Math.max(a, b);
  }
}
