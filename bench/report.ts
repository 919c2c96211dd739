/** Text for people: one table per scenario, judgements below it. */
import {
  type ContestantResult,
  type Figure,
  figureOf,
  figuresOf,
  type SampleDetail,
  type ScenarioResult,
  summarize,
  verdictOn,
} from './judge.ts';
import { HAPROXY_POLICY, NGINX_POLICY, NGINX_SERVER_POLICY, PORTICO_POLICY } from './peers/fleet-policy.ts';
import { costUnit, type Judgement, partNames, type Scenario } from './scenarios/scenario.ts';

/** Above this share of the proxy's core used by others, a figure is marked: caches were not its own. */
const FOREIGN_LIMIT = 0.1;
const NO_FIGURE = '–';

/** How each proxy is told to bear with backends that fail. */
export function renderPolicies(): string {
  const nginxServers = `  server … ${NGINX_SERVER_POLICY};\n`;
  return Object.entries({
    portico: PORTICO_POLICY,
    haproxy: HAPROXY_POLICY,
    nginx: NGINX_POLICY + nginxServers,
  })
    .map(([name, policy]) => `${name}:\n${policy}`)
    .join('');
}

/** The whole account of one scenario. */
export function renderScenario(result: ScenarioResult): string {
  const { scenario, contestants } = result;
  const table = [headings(scenario), ...contestants.map((contestant) => row(contestant, scenario))];
  const widths = (table[0] ?? []).map((_, column) =>
    Math.max(...table.map((cells) => cells[column]?.length ?? 0)),
  );
  const lines = table.map((cells) =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
  const judgements = scenario.judgements.map((judgement) => judgementLine(judgement, result));
  const troubles = contestants.flatMap(troublesOf);
  return [`${scenario.id}: ${scenario.title}`, ...lines, ...judgements, ...troubles]
    .map((line, index) => (index === 0 ? line : `  ${line}`.trimEnd()))
    .join('\n');
}

function headings({ measure }: Scenario): string[] {
  if (measure.kind === 'idle-memory') return ['', 'KiB/connection', 'from', 'to'];
  const [value, unit] =
    measure.kind === 'latency'
      ? ['p99 µs', 'request']
      : measure.kind === 'trouble'
        ? ['failed/10,000', 'request']
        : [`CPU ${costUnit(measure.unit).name}/${measure.unit}`, measure.unit];
  return ['', value, 'from', 'to', ...partNames(measure), `${unit}s/s`, 'core', ''];
}

function row(result: ContestantResult, { measure }: Scenario): string[] {
  const figure = summarize(figuresOf(result));
  const cells = [result.label, ...figureCells(figure)];
  const details = result.samples.flatMap((sample) => (sample.ok && sample.detail ? [sample.detail] : []));
  if (details.length === 0) return cells;
  const median = (pick: (detail: SampleDetail) => number): number =>
    summarize(details.map(pick))?.median ?? 0;
  return [
    ...cells,
    ...partNames(measure).map((name) => median((detail) => detail.parts[name] ?? 0).toFixed(1)),
    rate(median((detail) => detail.perSecond)),
    `${(median((detail) => detail.load) * 100).toFixed(0)}%`,
    isDisturbed(result) ? '(disturbed)' : '',
  ];
}

/** Whole numbers, but where there are few. */
function rate(perSecond: number): string {
  return perSecond.toFixed(perSecond < 10 ? 2 : 0);
}

function figureCells(figure: Figure | undefined): string[] {
  if (figure === undefined) return [NO_FIGURE, NO_FIGURE, NO_FIGURE];
  return [figure.median, figure.min, figure.max].map((value) => value.toFixed(1));
}

function judgementLine(judgement: Judgement, result: ScenarioResult): string {
  const { subject, against, kind, target } = judgement;
  const name = kind === 'value' ? subject : `${subject} ${kind === 'ratio' ? '/' : '−'} ${against}`;
  const figure = figureOf(judgement, result);
  const text =
    figure === undefined
      ? NO_FIGURE
      : `${figure.median.toFixed(2)} (${figure.min.toFixed(2)} to ${figure.max.toFixed(2)})`;
  const bar = target?.bar === undefined ? '' : `bar ${target.bar}, `;
  const goal = target === undefined ? '' : `   ${bar}aim ${target.aim}: ${verdictOn(judgement, figure)}`;
  const disturbed = result.contestants.some(
    (contestant) => (contestant.label === subject || contestant.label === against) && isDisturbed(contestant),
  );
  return `${name} = ${text}${goal}${disturbed ? ' (disturbed)' : ''}`;
}

function isDisturbed({ samples }: ContestantResult): boolean {
  return samples.some((sample) => sample.ok && (sample.detail?.foreign ?? 0) > FOREIGN_LIMIT);
}

function troublesOf({ label, absent, samples }: ContestantResult): string[] {
  const failed = samples.flatMap((sample, round) =>
    sample.ok ? [] : [`round ${round + 1} failed: ${sample.reason}`],
  );
  return [...(absent === undefined ? [] : [absent]), ...failed].flatMap((text) =>
    text.split('\n').map((line, index) => (index === 0 ? `${label}: ${line}` : `    ${line}`)),
  );
}
