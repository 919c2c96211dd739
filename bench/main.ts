/** `npm run bench`: Portico beside nginx, HAProxy and proxies on Node's own classes, in one run on one machine. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BenchArguments, readArguments } from './arguments.ts';
import { killAll } from './children.ts';
import { runScenario } from './contest.ts';
import { figureOf, keepsBars, type ScenarioResult, verdictOn } from './judge.ts';
import { describeMachine, findProgram } from './machine.ts';
import { runMicro } from './micro.ts';
import { renderPolicies, renderScenario } from './report.ts';
import { chooseScenarios } from './scenarios/all.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { setStage } from './stage.ts';

const RESULTS = fileURLToPath(new URL('./results/', import.meta.url));
const USAGE = `npm run bench -- [--only id,id] [--seconds 4] [--rounds 3] [--quick] [--strict]
npm run bench -- micro
scenarios:
${chooseScenarios([])
  .map(({ id, title }) => `  ${id.padEnd(18)} ${title}`)
  .join('\n')}`;

process.exitCode = await main();

async function main(): Promise<number> {
  try {
    const wanted = readArguments(process.argv.slice(2));
    if (wanted.command === 'micro') return (await runMicro()) ? 0 : 1;
    if (wanted.command === 'compare') return await compare(wanted, chooseScenarios(wanted.only));
    console.log(USAGE);
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 2;
  }
}

async function compare(wanted: BenchArguments, scenarios: readonly Scenario[]): Promise<number> {
  for (const tool of ['wrk', 'h2load']) {
    if (findProgram(tool) === undefined) throw new Error(`${tool} is needed and not installed`);
  }
  const directory = mkdtempSync(join(tmpdir(), 'portico-bench-'));
  process.once('exit', () => {
    killAll();
    rmSync(directory, { recursive: true, force: true });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => process.exit(130));
  try {
    const stage = await setStage(directory);
    if (scenarios.some(({ measure }) => measure.kind === 'trouble')) console.log(renderPolicies());
    const results: ScenarioResult[] = [];
    for (const scenario of scenarios) {
      const result = await runScenario(scenario, stage, { ...wanted, progress });
      progress('');
      console.log(`${renderScenario(result)}\n`);
      results.push(result);
    }
    console.log(`written to ${writeResults(wanted, results)}`);
    return wanted.strict && !results.every(keepsBars) ? 1 : 0;
  } finally {
    // The origin would keep this process alive; the handler above does the rest.
    killAll();
  }
}

/** Everything that was measured, for tools and for later comparison; the text holds only medians. */
function writeResults(wanted: BenchArguments, results: readonly ScenarioResult[]): string {
  const at = new Date().toISOString();
  const file = join(RESULTS, `${at.replaceAll(':', '-')}.json`);
  const scenarios = results.map((result) => ({
    id: result.scenario.id,
    title: result.scenario.title,
    contestants: result.contestants,
    judgements: result.scenario.judgements.map((judgement) => {
      const figure = figureOf(judgement, result);
      return { ...judgement, figure, verdict: verdictOn(judgement, figure) };
    }),
  }));
  const { seconds, rounds } = wanted;
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(
    file,
    `${JSON.stringify({ at, machine: describeMachine(), seconds, rounds, scenarios }, null, 2)}\n`,
  );
  return file;
}

/** One line that is written over, and only where somebody looks. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
