/** From samples to figures and verdicts. Nothing here touches the machine. */
import type { Judgement, Scenario } from './scenarios/scenario.ts';

export type Sample =
  | { readonly ok: true; readonly value: number; readonly detail: SampleDetail | undefined }
  /** Something failed while it was taken: there is no figure, only a reason. */
  | { readonly ok: false; readonly reason: string };

export interface SampleDetail {
  /** Figures beside the value, by the names of `partNames` and in its unit. */
  readonly parts: Readonly<Record<string, number>>;
  readonly perSecond: number;
  /** Share of one core that the proxy used. */
  readonly load: number;
  /** Share of the proxy's core that others used meanwhile. */
  readonly foreign: number;
}

export interface ContestantResult {
  readonly label: string;
  /** Why it could not take part (any more). */
  readonly absent: string | undefined;
  /** In the order of the rounds. */
  readonly samples: readonly Sample[];
}

export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly contestants: readonly ContestantResult[];
}

export interface Figure {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** `untargeted`: a figure for the reader only. */
export type Verdict =
  | 'meets aim'
  | 'meets bar'
  | 'over the aim'
  | 'over the bar'
  | 'no figure'
  | 'untargeted';

/** Undefined for no values. */
export function summarize(values: readonly number[]): Figure | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  const low = sorted[(sorted.length - 1) >> 1];
  const high = sorted[sorted.length >> 1];
  if (min === undefined || max === undefined || low === undefined || high === undefined) return undefined;
  return { min, max, median: (low + high) / 2 };
}

/** The samples that are figures, in the order of the rounds. */
export function figuresOf(result: ContestantResult): number[] {
  return result.samples.flatMap((sample) => (sample.ok ? [sample.value] : []));
}

/**
 * The figure of a judgement. Two contestants are compared round by round, because neighbours in time share the
 * machine's mood; a round in which either failed is left out.
 */
export function figureOf(judgement: Judgement, { contestants }: ScenarioResult): Figure | undefined {
  const find = (label: string | undefined): readonly Sample[] =>
    contestants.find((contestant) => contestant.label === label)?.samples ?? [];
  const others = find(judgement.against);
  const values = find(judgement.subject).flatMap((sample, round) => {
    if (!sample.ok) return [];
    if (judgement.kind === 'value') return [sample.value];
    const other = others[round];
    if (other === undefined || !other.ok) return [];
    return [judgement.kind === 'ratio' ? sample.value / other.value : sample.value - other.value];
  });
  return summarize(values);
}

/** Holds the median to the target, at the two decimals that are printed. */
export function verdictOn({ target }: Judgement, figure: Figure | undefined): Verdict {
  if (target === undefined) return 'untargeted';
  if (figure === undefined) return 'no figure';
  const median = Math.round(figure.median * 100) / 100;
  if (median <= target.aim) return 'meets aim';
  if (target.bar === undefined) return 'over the aim';
  return median <= target.bar ? 'meets bar' : 'over the bar';
}

/** Whether every bar of a scenario is kept, with a figure to show for it. */
export function keepsBars(result: ScenarioResult): boolean {
  return result.scenario.judgements.every((judgement) => {
    const verdict = verdictOn(judgement, figureOf(judgement, result));
    return verdict !== 'over the bar' && verdict !== 'no figure';
  });
}
