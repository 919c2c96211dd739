import type { CertificateSettings, ClusterSettings, Settings, TenantSettings } from '../core/settings.ts';

/**
 * Settings for a worker that has others already. What it has of the long lists is not sent again: of ten thousand certificates one is
 * renewed at a time, and taking all of them from the channel would keep the worker from its traffic for a tenth of a second.
 */
export interface SettingsDelta extends Omit<Settings, 'certificates' | 'tenants' | 'clusters'> {
  readonly certificates: ListDelta<CertificateSettings>;
  readonly tenants: ListDelta<TenantSettings>;
  readonly clusters: ListDelta<ClusterSettings>;
}

/** Of a list in order: what is new, and where in the list of before the rest is. */
type ListDelta<T> = readonly (T | Run)[];

interface Run {
  readonly from: number;
  readonly count: number;
}

/** What `base` must be told to become `settings`. */
export function settingsDelta(settings: Settings, base: Settings | undefined): SettingsDelta {
  return {
    ...settings,
    certificates: listDelta(settings.certificates, base?.certificates, fileOf),
    tenants: listDelta(settings.tenants, base?.tenants, nameOf),
    clusters: listDelta(settings.clusters, base?.clusters, nameOf),
  };
}

/** The way back. Throws where `base` is not what the delta was made for. */
export function applySettingsDelta(delta: SettingsDelta, base: Settings): Settings {
  return {
    ...delta,
    certificates: applyListDelta(delta.certificates, base.certificates),
    tenants: applyListDelta(delta.tenants, base.tenants),
    clusters: applyListDelta(delta.clusters, base.clusters),
  };
}

/** `keyOf`: what is likely to be the same thing in both lists has the same key. */
function listDelta<T extends object>(
  list: readonly T[],
  base: readonly T[] = [],
  keyOf: (part: T) => string,
): ListDelta<T> {
  if (base.length === 0) return list;
  const delta: (T | { from: number; count: number })[] = [];
  let places: Map<string, number> | undefined;
  let run: { from: number; count: number } | undefined;
  for (const part of list) {
    let place = run === undefined ? delta.length : run.from + run.count;
    if (!isSame(part, base[place])) {
      places ??= new Map(base.map((known, i) => [keyOf(known), i]));
      place = places.get(keyOf(part)) ?? base.length;
    }
    if (!isSame(part, base[place])) {
      run = undefined;
      delta.push(part);
    } else if (run !== undefined && run.from + run.count === place) run.count += 1;
    else {
      run = { from: place, count: 1 };
      delta.push(run);
    }
  }
  return delta;
}

function applyListDelta<T extends object>(delta: ListDelta<T>, base: readonly T[]): T[] {
  const list: T[] = [];
  for (const part of delta) {
    if (!isRun(part)) {
      list.push(part);
      continue;
    }
    const { from, count } = part;
    if (from + count > base.length) throw new Error('settings are based on others than those that are here');
    for (let i = from; i < from + count; i++) list.push(base[i]!);
  }
  return list;
}

function isRun(part: object): part is Run {
  return 'from' in part && 'count' in part;
}

/** Settings are JSON; texts of files are mostly the very same. */
function isSame<T extends object>(one: T, other: T | undefined): boolean {
  if (other === undefined) return false;
  if (one === other) return true;
  const keys = Object.keys(one) as (keyof T)[];
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => one[key] === other[key] || JSON.stringify(one[key]) === JSON.stringify(other[key]))
  );
}

function fileOf({ certFile, keyFile }: CertificateSettings): string {
  return `${certFile}\n${keyFile}`;
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}
