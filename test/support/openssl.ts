import { spawnSync } from 'node:child_process';

/** Runs the openssl command; gives what it printed, or throws with what it complained of. */
export function openssl(args: readonly string[], input = ''): string {
  const { status, stdout, stderr, error } = spawnSync('openssl', args, { input, encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`openssl ${args.join(' ')}: ${stderr}`);
  return stdout + stderr;
}
