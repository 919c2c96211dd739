/**
 * Every process the benchmark starts is started and ended here, so that nothing outlives it: neither on success nor
 * on an interrupt. Processes are ended by id, together with their descendants.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { readProcessTree } from './process-tree.ts';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

export interface Child {
  readonly pid: number;
  readonly process: ChildProcess;
  /** The last few kilobytes of what it printed. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Settles with the exit code, or the signal's name, when the process is gone. */
  readonly ended: Promise<number | string>;
}

/** How much of a child's output is kept: enough for a load report or a stack trace. */
const MAX_OUTPUT_CHARS = 16_384;
/** Between the polite signal and the hard one. */
const STOP_GRACE_MS = 3000;

const alive = new Set<Child>();

/** Starts a process, on one core if a core is given. */
export function start(command: Command, core: number | undefined): Child {
  const { file, args } =
    core === undefined
      ? command
      : { file: 'taskset', args: ['-c', String(core), command.file, ...command.args] };
  const spawned = spawn(file, [...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  // taskset replaces itself, so this is also the id of the program.
  if (spawned.pid === undefined) {
    spawned.on('error', () => {});
    throw new Error(`cannot start ${file}`);
  }
  const child: Child = {
    pid: spawned.pid,
    process: spawned,
    stdout: keepTail(spawned.stdout),
    stderr: keepTail(spawned.stderr),
    ended: once(spawned, 'close').then(([code, signal]) => {
      alive.delete(child);
      return (code ?? signal) as number | string;
    }),
  };
  spawned.stdin.on('error', () => {});
  alive.add(child);
  return child;
}

/** Runs a command with `input` to its end and returns its standard output; throws if it fails or takes longer than `timeoutMs`. */
export async function run(
  command: Command,
  core: number | undefined,
  timeoutMs: number,
  input = '',
): Promise<string> {
  const child = start(command, core);
  child.process.stdin?.end(input);
  const code = await within(child.ended, timeoutMs);
  if (code === undefined) {
    await stop(child);
    throw new Error(`${command.file} did not end within ${timeoutMs} ms`);
  }
  if (code !== 0) throw new Error(`${command.file} ended with ${code}: ${child.stderr() || child.stdout()}`);
  return child.stdout();
}

/** Ends a process and its descendants: politely first. */
export async function stop(child: Child): Promise<void> {
  if (!alive.has(child)) return;
  child.process.kill('SIGTERM');
  if ((await within(child.ended, STOP_GRACE_MS)) !== undefined) return;
  killTree(child);
  await within(child.ended, STOP_GRACE_MS);
}

/** For the way out: at once, without waiting. */
export function killAll(): void {
  for (const child of alive) killTree(child);
}

/** The value, or undefined when the time is over first. */
export async function within<T>(promise: Promise<T>, timeoutMs: number): Promise<T | undefined> {
  const timer = new AbortController();
  const timeout = delay(timeoutMs, undefined, { signal: timer.signal }).catch(() => undefined);
  const first = await Promise.race([promise, timeout]);
  timer.abort();
  return first;
}

function killTree(child: Child): void {
  for (const { pid } of readProcessTree(child.pid)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself between the listing and the signal.
    }
  }
}

function keepTail(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text = (text + chunk).slice(-MAX_OUTPUT_CHARS);
  });
  return () => text;
}
