import { readdirSync, readFileSync } from 'node:fs';

/** One line of /proc/PID/stat; times in clock ticks. */
export interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly user: number;
  readonly system: number;
  /** Of children that exited and were waited for. */
  readonly childrenUser: number;
  readonly childrenSystem: number;
}

/** The process and everything below it that is alive now. Empty when it is gone. */
export function readProcessTree(root: number): ProcessStat[] {
  const all = numericEntries('/proc').flatMap((pid) => readStat(pid) ?? []);
  const members = new Set([root]);
  // Parents can have higher ids than children after the counter wrapped, so repeat until nothing is added.
  for (let size = 0; size !== members.size; ) {
    size = members.size;
    for (const { pid, parent } of all) if (members.has(parent)) members.add(pid);
  }
  return all.filter(({ pid }) => members.has(pid));
}

/** Parses /proc/PID/stat. The command name may hold spaces and parentheses: fields count from the last one. */
export function parseStat(text: string): ProcessStat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    pid: Number.parseInt(text, 10),
    parent: field(4),
    user: field(14),
    system: field(15),
    childrenUser: field(16),
    childrenSystem: field(17),
  };
}

/** Time on a core in nanoseconds, by thread id, of one process; undefined where the kernel does not say. */
export function readThreadTimes(pid: number): Map<number, number> | undefined {
  const times = new Map<number, number>();
  for (const thread of numericEntries(`/proc/${pid}/task`)) {
    const text = readText(`/proc/${pid}/task/${thread}/schedstat`);
    if (text === undefined) return undefined;
    times.set(thread, Number.parseInt(text, 10));
  }
  return times;
}

/** Resident memory of the whole tree in KiB. Pages shared between its processes count once for each. */
export function readResidentKb(root: number): number {
  return readProcessTree(root)
    .map(({ pid }) => /^VmRSS:\s*(\d+)/m.exec(readText(`/proc/${pid}/status`) ?? '')?.[1] ?? '0')
    .reduce((sum, kb) => sum + Number(kb), 0);
}

function readStat(pid: number): ProcessStat | undefined {
  const text = readText(`/proc/${pid}/stat`);
  return text === undefined ? undefined : parseStat(text);
}

function numericEntries(folder: string): number[] {
  try {
    return readdirSync(folder).flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return [];
  }
}

/** Processes end while they are listed; what is gone has no text. */
function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
