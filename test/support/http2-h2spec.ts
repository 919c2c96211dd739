import { Buffer } from 'node:buffer';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { runCommand } from './http2-command.ts';

export interface H2specResult {
  readonly tests: number;
  readonly passed: number;
  readonly skipped: number;
  readonly failed: number;
  /** `http2/6.5. SETTINGS: 1: …` of each that failed. */
  readonly failures: readonly string[];
  /** All that it printed. */
  readonly output: string;
}

/** Runs `h2spec --strict` against a port on loopback; `sections` such as `http2/6.5` instead of all. */
export function runH2spec(
  port: number,
  { tls = false, sections = [] }: { readonly tls?: boolean; readonly sections?: readonly string[] } = {},
): Promise<H2specResult> {
  const over = tls ? ['--tls', '--insecure'] : [];
  return runSpec('h2spec', ['--strict', '-h', '127.0.0.1', '-p', `${port}`, ...over, ...sections]);
}

/**
 * Runs `h2specd`, h2spec's other half: a server for each of its cases, on ports from `fromPort` on, that does what a client must
 * not put up with. For each it runs `command`, words between blanks, with the URL behind it, which must lead to one request
 * there, and end within half a minute. No case needs more than an instant: the time is for a machine that stood still.
 */
export function runH2specd(
  fromPort: number,
  command: string,
  sections: readonly string[] = [],
): Promise<H2specResult> {
  return runSpec('h2specd', [
    '--strict',
    ...['-h', '127.0.0.1', '-f', `${fromPort}`, '-o', '30', '-e', command],
    ...sections,
  ]);
}

/** How many ports h2specd listens on when no sections are named. */
export const H2SPECD_CASES = 57;

async function runSpec(name: string, args: readonly string[]): Promise<H2specResult> {
  const result = await runCommand(name, args);
  const output = Buffer.from(result.output, 'latin1').toString('utf8');
  const counts = /^(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed$/m.exec(output);
  // It stops at the first case that it cannot even begin.
  if (counts === null) throw new Error(`${name} gave up:\n${output.slice(-2000)}`);
  const [tests, passed, skipped, failed] = counts.slice(1).map(Number) as [number, number, number, number];
  return { tests, passed, skipped, failed, failures: failuresIn(output), output };
}

/** The lines with a cross behind `Failures:`, each with the section above it. */
function failuresIn(output: string): string[] {
  const failures: string[] = [];
  let section = '';
  for (const line of (output.split(/^Failures: $/m)[1] ?? '').split('\n')) {
    section = /^\s*([\d.]+ .+)$/.exec(line)?.[1] ?? section;
    const failure = /^\s*× (.+)$/.exec(line)?.[1];
    if (failure !== undefined) failures.push(`${section}: ${failure}`);
  }
  return failures;
}

/**
 * The first of `count` ports in a row that nobody listened on a moment ago, for programs that count on from one. Below those that
 * systems give out by themselves (Linux 32768, others 49152), where another program's connection could take one in between.
 */
export async function freePortRange(count: number): Promise<number> {
  for (;;) {
    const first = randomInt(10_000, 32_768 - count);
    if (await areFree(first, count)) return first;
  }
}

async function areFree(first: number, count: number): Promise<boolean> {
  const servers = Array.from({ length: count }, (_, i) => createServer().listen(first + i, '127.0.0.1'));
  const listening = await Promise.allSettled(servers.map((server) => once(server, 'listening')));
  await Promise.all(servers.map((server) => (server.listening ? once(server.close(), 'close') : undefined)));
  return listening.every(({ status }) => status === 'fulfilled');
}
