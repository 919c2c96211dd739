import { type FamilySnapshot, type RegistrySnapshot, type SeriesSnapshot, seriesOf } from './registry.ts';

/** Media type of the Prometheus text format. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Prometheus text format 0.0.4. Families without series are left out. */
export function renderExposition(snapshot: RegistrySnapshot): string {
  let text = '';
  for (const family of snapshot.families) {
    if (family.series.length === 0) continue;
    text += `# HELP ${family.name} ${escapeHelp(family.help)}\n# TYPE ${family.name} ${family.kind}\n`;
    for (const series of seriesOf(family)) {
      text += family.kind === 'histogram' ? histogramLines(family, series) : valueLine(family, series);
    }
  }
  return text;
}

function valueLine(family: FamilySnapshot, series: SeriesSnapshot): string {
  return `${family.name}${labelBlock(family.labels, series.labels)} ${formatNumber(series.values[0] ?? 0)}\n`;
}

function histogramLines(family: FamilySnapshot, series: SeriesSnapshot): string {
  const names = [...family.labels, 'le'];
  let cumulative = 0;
  let text = '';
  for (let i = 0; i <= family.bounds.length; i += 1) {
    cumulative += series.values[i] ?? 0;
    const bound = i === family.bounds.length ? '+Inf' : formatNumber(family.bounds[i]!);
    text += `${family.name}_bucket${labelBlock(names, [...series.labels, bound])} ${cumulative}\n`;
  }
  const labels = labelBlock(family.labels, series.labels);
  const sum = series.values[family.bounds.length + 1] ?? 0;
  return `${text}${family.name}_sum${labels} ${formatNumber(sum)}\n${family.name}_count${labels} ${cumulative}\n`;
}

function labelBlock(names: readonly string[], values: readonly string[]): string {
  if (names.length === 0) return '';
  return `{${names.map((name, i) => `${name}="${escapeLabelValue(values[i] ?? '')}"`).join(',')}}`;
}

function escapeLabelValue(value: string): string {
  return /[\\"\n]/.test(value)
    ? value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
    : value;
}

function escapeHelp(help: string): string {
  return help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function formatNumber(value: number): string {
  if (value === Infinity) return '+Inf';
  if (value === -Infinity) return '-Inf';
  return String(value);
}
