import { closeSync, openSync, readSync, statSync } from 'node:fs';

/** Whether what a file holds ends in the middle of a line, as a disk leaves it that became full. Not of one that cannot be read. */
export function endsInLine(file: string): boolean {
  try {
    const stats = statSync(file);
    // To open a pipe would wait for who writes it.
    if (!stats.isFile() || stats.size === 0) return false;
    const descriptor = openSync(file, 'r');
    try {
      const last = Buffer.alloc(1);
      return readSync(descriptor, last, 0, 1, stats.size - 1) === 1 && last[0] !== LF;
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false;
  }
}

const LF = 0x0a;
