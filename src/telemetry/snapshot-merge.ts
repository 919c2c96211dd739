import {
  type FamilySnapshot,
  MAX_SERIES,
  type MergeRule,
  OTHER,
  type RegistrySnapshot,
  type SeriesSnapshot,
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
  const merged = new Map<string, { labels: readonly string[]; values: number[] }>();
  for (const family of group) {
    for (const series of family.series) {
      const target = placeFor(merged, series);
      if (target === undefined) continue;
      combine(target.values, series.values, first.merge);
    }
  }
  return { ...first, series: Array.from(merged.values()) };
}

/** The series to combine with; undefined when `series` itself was taken over as the first of its kind. */
function placeFor(
  merged: Map<string, { labels: readonly string[]; values: number[] }>,
  series: SeriesSnapshot,
): { values: number[] } | undefined {
  let labels = series.labels;
  let key = JSON.stringify(labels);
  if (merged.size >= MAX_SERIES && !merged.has(key)) {
    labels = labels.map(() => OTHER);
    key = JSON.stringify(labels);
  }
  const existing = merged.get(key);
  if (existing !== undefined) return existing;
  merged.set(key, { labels, values: [...series.values] });
  return undefined;
}

function combine(target: number[], values: readonly number[], rule: MergeRule): void {
  for (let i = 0; i < target.length; i += 1) {
    const a = target[i]!;
    const b = values[i] ?? 0;
    target[i] = rule === 'sum' ? a + b : rule === 'min' ? Math.min(a, b) : Math.max(a, b);
  }
}
