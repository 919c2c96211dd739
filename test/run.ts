/**
 * `npm test`: runs every test file below test/, each in a process of its own.
 *
 *   npm test                        everything
 *   npm test -- e2e config/         files whose path holds one of these texts
 *
 * At the end it says what was skipped and why, loudly, because a test that did not run proves nothing. The last line is always
 * `N passed, N failed, N skipped`; the exit code is 0 when something passed and nothing failed.
 */
import { globSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { styleText } from 'node:util';
import { runTestFile, type TestFileResult } from './support/test-file.ts';

const ROOT = resolve(import.meta.dirname, '..');
/** Test files at a time; most of them wait for sockets or child processes half of their time. */
const CONCURRENCY = Math.max(2, availableParallelism());

process.exitCode = await main(process.argv.slice(2));

async function main(filters: readonly string[]): Promise<number> {
  warnOfOtherNode();
  const files = findFiles(filters);
  if (files.length === 0) {
    console.error(`no test file has ${filters.join(' or ')} in its path`);
    return 1;
  }
  const results = await runAll(files);
  const failures = results.flatMap(({ file, failures }) => failures.map((name) => `${file}: ${name}`));
  const skipped = results.reduce((count, { skips }) => count + skips.length, 0);
  const passed = results.reduce((count, result) => count + result.passed, 0);

  for (const failure of failures) console.log(styleText('red', `FAILED: ${failure}`));
  for (const line of describeSkips(results)) console.log(styleText('yellow', line));
  warnOfOtherNode();
  console.log(`${passed} passed, ${failures.length} failed, ${skipped} skipped`);
  return failures.length === 0 && passed > 0 ? 0 : 1;
}

/** Type stripping, the test runner and OpenSSL differ between versions of Node: results of another one are worth less. */
function warnOfOtherNode(): void {
  const { devDependencies } = JSON.parse(readFileSync(resolve(ROOT, 'package.json'), 'utf8'));
  const pinned = `v${devDependencies.node}`;
  if (process.version === pinned) return;
  const remedy =
    'run `npm ci` (with install scripts allowed), then `npm test`, which puts node_modules/.bin first';
  console.error(
    styleText('yellow', `WRONG NODE: this is ${process.version}, tests are meant for ${pinned}: ${remedy}`),
  );
}

function findFiles(filters: readonly string[]): string[] {
  return globSync('test/**/*.test.ts', { cwd: ROOT })
    .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
    .toSorted();
}

/** In order of the files, though several run at a time; each is printed whole when it is over. */
async function runAll(files: readonly string[]): Promise<TestFileResult[]> {
  const results: TestFileResult[] = [];
  const waiting = files.entries();
  const work = async () => {
    for (const [index, file] of waiting) {
      const result = await runTestFile(ROOT, file);
      process.stdout.write(result.report);
      results[index] = result;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  return results;
}

/** One line per reason and suite: `SKIPPED: nginx is not installed — conformance/strictness (12)`. */
function describeSkips(results: readonly TestFileResult[]): string[] {
  return results.flatMap(({ file, skips }) => {
    const suite = file.replace(/^test\//, '').replace(/\.test\.ts$/, '');
    const byReason = Map.groupBy(skips, (reason) => reason.replace(/^SKIPPED: /, ''));
    return [...byReason].map(([reason, { length }]) => `SKIPPED: ${reason} — ${suite} (${length})`);
  });
}
