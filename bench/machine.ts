import { execFileSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { delimiter, join } from 'node:path';

/** Where the two halves of a measurement run. Undefined cores: nothing is pinned. */
export interface Cores {
  readonly proxy: number | undefined;
  /** Load generator and origin. */
  readonly load: number | undefined;
}

/** The first two cores this process may use; none without taskset or with a single core. */
export function chooseCores(): Cores {
  const allowed = allowedCores(readFileSync('/proc/self/status', 'utf8'));
  if (findProgram('taskset') === undefined || allowed.length < 2)
    return { proxy: undefined, load: undefined };
  return { proxy: allowed[0], load: allowed[1] };
}

/** Reads `Cpus_allowed_list: 0-2,5` of a /proc/PID/status text. */
export function allowedCores(status: string): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '';
  if (list === '') return [];
  return list.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
  });
}

/** The absolute path of an executable, also in the sbin folders that a user's PATH often lacks. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** What a reader needs to know before comparing two result files. */
export function describeMachine(): Record<string, string> {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: String(cpus().length),
    kernel: release(),
    node: process.version,
    nginx: versionOf('nginx', ['-v']),
    haproxy: versionOf('haproxy', ['-v']),
    h2load: versionOf('h2load', ['--version']),
    commit: versionOf('git', ['describe', '--always', '--dirty']),
  };
}

function versionOf(name: string, args: string[]): string {
  const file = findProgram(name);
  if (file === undefined) return 'not installed';
  try {
    // nginx prints its version to stderr.
    const output = execFileSync('/bin/sh', ['-c', '"$0" "$@" 2>&1', file, ...args], { timeout: 5000 });
    return output.toString().split('\n')[0]?.trim() ?? '';
  } catch {
    return 'unknown';
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
