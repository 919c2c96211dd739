import type { ReadFile } from '../config/include.ts';
import { type LoadOptions, type LoadResult, loadConfig, parseConfig } from '../config/load.ts';
import { formatProblems } from '../config/problem.ts';
import type { Settings } from '../core/settings.ts';
import { judgeExpectations } from '../explain/judge-expectations.ts';
import { inspectModule } from '../module-kinds.ts';
import { checkBackendTls } from '../tls/backend-tls-check.ts';
import { checkCertificates } from '../tls/certificate-check.ts';
import type { PairMemory } from '../tls/pair-memory.ts';
import { checkTenantTls } from '../tls/tenant-tls-check.ts';
import type { TextOutput } from './explain.ts';

/**
 * `portico check`: every problem of a configuration with its place, certificates included, and nothing started. Returns
 * the exit code: 0 when it would run (warnings are printed all the same), 2 when it would not.
 */
export function runCheck(file: string, out: TextOutput, err: TextOutput): number {
  const result = loadChecked(file);
  if (!result.ok) {
    const count = result.problems.length;
    err.write(`${formatProblems(result.problems)}${file}: ${counted(count, 'problem')}\n`);
    return 2;
  }
  err.write(formatProblems(result.warnings));
  out.write(`${file}: ok (${summarize(result.settings)})\n`);
  return 0;
}

/**
 * Loads a configuration as a running server takes it: with its certificates looked into. `memory`: what is known of them from the
 * load before.
 */
export function loadChecked(file: string, readFile?: ReadFile, memory?: PairMemory): LoadResult {
  return loadConfig(file, { ...inspections(memory), readFile });
}

/** As `loadChecked`, for a text at hand. `file`: its name, and where relative names start from. */
export function parseChecked(text: string, file: string): LoadResult {
  return parseConfig(text, file, inspections(undefined));
}

function inspections(memory: PairMemory | undefined): Omit<LoadOptions, 'readFile'> {
  return {
    inspectCertificates: (certificates) => checkCertificates(certificates, Date.now(), memory),
    inspectBackendTls: checkBackendTls,
    inspectModule,
    inspectTenantTls: checkTenantTls,
    judgeExpectations,
  };
}

function summarize({ listeners, tenants, clusters, certificates, acme }: Settings): string {
  return [
    counted(listeners.length, 'listener'),
    counted(tenants.length, 'tenant'),
    counted(clusters.length, 'cluster'),
    counted(certificates.length, 'certificate'),
    ...(acme.length > 0 ? [`${acme.length} by ACME`] : []),
  ].join(', ');
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
