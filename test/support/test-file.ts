import { relative } from 'node:path';
import { Readable } from 'node:stream';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

export interface TestFileResult {
  /** Relative to the root. */
  readonly file: string;
  readonly passed: number;
  /** Names of the tests that failed; the file's own when it broke outside of any, or took too long. */
  readonly failures: readonly string[];
  /** Why, once for each test that was skipped. */
  readonly skips: readonly string[];
  /** What the spec reporter says, with the file's name above. */
  readonly report: string;
}

/** Of one test. Every wait inside tests has a shorter bound of its own, so this names the one that has none. */
const TEST_TIMEOUT_MS = 120_000;
/** Of one file, whose process is killed then: a socket that was left open would keep it for ever. */
const FILE_TIMEOUT_MS = 300_000;

/** Runs one file in a process of its own. */
export async function runTestFile(root: string, file: string): Promise<TestFileResult> {
  let passed = 0;
  const failures: string[] = [];
  const skips: string[] = [];
  const tooLong = AbortSignal.timeout(FILE_TIMEOUT_MS);
  const events = run({ files: [file], cwd: root, timeout: TEST_TIMEOUT_MS, signal: tooLong });
  events.on('test:pass', ({ skip, todo, details }) => {
    if (skip !== undefined && skip !== false) skips.push(typeof skip === 'string' ? skip : 'no reason given');
    else if (todo !== undefined && todo !== false) skips.push('to be done');
    else if (details.type !== 'suite') passed += 1;
  });
  events.on('test:fail', ({ name, todo, details }) => {
    if (todo !== undefined && todo !== false) skips.push('to be done');
    else if (details.type !== 'suite') failures.push(name.includes(file) ? 'the file as a whole' : name);
  });
  let report = '';
  for await (const text of Readable.from(withoutSummary(events)).compose(new spec())) report += text;
  return { file, passed, failures, skips, report: `\n${relative('test', file)}\n${report}` };
}

/** The counts are told once, for all files together. */
async function* withoutSummary(events: AsyncIterable<unknown>): AsyncIterable<unknown> {
  for await (const event of events) {
    const { type } = event as { type: string };
    if (type !== 'test:diagnostic' && type !== 'test:summary') yield event;
  }
}
