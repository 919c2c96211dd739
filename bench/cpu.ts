/**
 * CPU time of a process tree between two moments.
 *
 * /proc/PID/stat splits user and system time but ticks every 10 ms; schedstat counts nanoseconds per live thread but
 * does not split. So the total comes from schedstat where it is trustworthy (no thread or process ended in
 * between), and stat gives the shares; otherwise both come from stat, which keeps what the dead have used.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readProcessTree, readThreadTimes } from './process-tree.ts';

export interface CpuReading {
  readonly userTicks: number;
  readonly systemTicks: number;
  /** Nanoseconds by thread id; undefined where the kernel does not say. */
  readonly threads: ReadonlyMap<number, number> | undefined;
  /** CPU time of exited children in ticks; a change means that `threads` lost some of them. */
  readonly exitedTicks: number;
}

/** Microseconds. */
export interface CpuUse {
  readonly user: number;
  readonly system: number;
  readonly total: number;
}

/** Microseconds per clock tick. */
const TICK_US: number = 1e6 / readTicksPerSecond();

/** Reads the tree below and including `root`. */
export function readCpu(root: number): CpuReading {
  const tree = readProcessTree(root);
  const perProcess = tree.map(({ pid }) => readThreadTimes(pid));
  const known = perProcess.every((times) => times !== undefined && times.size > 0);
  const sum = (pick: (stat: (typeof tree)[number]) => number): number =>
    tree.reduce((total, stat) => total + pick(stat), 0);
  return {
    userTicks: sum((stat) => stat.user + stat.childrenUser),
    systemTicks: sum((stat) => stat.system + stat.childrenSystem),
    exitedTicks: sum((stat) => stat.childrenUser + stat.childrenSystem),
    threads: known ? new Map(perProcess.flatMap((times) => [...(times ?? [])])) : undefined,
  };
}

/** What was used between two readings of the same tree. */
export function cpuBetween(before: CpuReading, after: CpuReading, tickUs: number = TICK_US): CpuUse {
  const userTicks = after.userTicks - before.userTicks;
  const ticks = userTicks + after.systemTicks - before.systemTicks;
  const total = threadUs(before, after) ?? ticks * tickUs;
  const user = ticks === 0 ? 0 : (total * userTicks) / ticks;
  return { user, system: total - user, total };
}

function threadUs(before: CpuReading, after: CpuReading): number | undefined {
  if (before.threads === undefined || after.threads === undefined) return undefined;
  if (before.exitedTicks !== after.exitedTicks) return undefined;
  for (const thread of before.threads.keys()) if (!after.threads.has(thread)) return undefined;
  let nanoseconds = 0;
  for (const [thread, time] of after.threads) nanoseconds += time - (before.threads.get(thread) ?? 0);
  return nanoseconds / 1000;
}

/** Microseconds a core has been busy with anything since boot: the difference to our tree is somebody else's. */
export function readCoreBusyUs(core: number): number {
  const fields = new RegExp(`^cpu${core} (.*)$`, 'm').exec(readFileSync('/proc/stat', 'utf8'))?.[1];
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (fields ?? '')
    .split(' ')
    .map(Number);
  return (user + nice + system + irq + softirq + steal) * TICK_US;
}

function readTicksPerSecond(): number {
  try {
    return Number(execFileSync('getconf', ['CLK_TCK'], { timeout: 5000 }).toString()) || 100;
  } catch {
    return 100;
  }
}
