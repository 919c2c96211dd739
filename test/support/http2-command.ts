import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { commandPath } from './outside-judge.ts';

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  /** What it printed on both, in the order of arrival. */
  readonly output: string;
}

/** Runs a command to its end, for at most the time no machine needs; output is latin-1, one char per octet. */
export async function runCommand(
  name: string,
  args: readonly string[],
  input?: string | Buffer,
): Promise<CommandResult> {
  const child = spawn(commandPath(name) ?? name, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: 60_000 });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const stdout: Buffer[] = [];
  const all: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout.push(chunk);
    all.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => all.push(chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout: latin1(stdout), output: latin1(all) };
}

function latin1(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('latin1');
}
