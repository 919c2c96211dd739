import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface CommandResult {
  /** Null: it was stopped, because it took too long. */
  readonly code: number | null;
  /** Standard output, then standard error. */
  readonly text: string;
}

/** Runs a command, which need not know when to stop: after `seconds` it is ended with all that it has started. */
export async function runCommand(
  command: string,
  args: readonly string[],
  { input = '', seconds = 20, cwd }: { input?: string; seconds?: number; cwd?: string } = {},
): Promise<CommandResult> {
  // Of a group of its own, because it may be a script.
  const child = spawn(command, args, {
    stdio: 'pipe',
    detached: true,
    ...(cwd === undefined ? {} : { cwd }),
  });
  const timer = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), seconds * 1000);
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(timer);
  return { code, text: texts.stdout + texts.stderr };
}
