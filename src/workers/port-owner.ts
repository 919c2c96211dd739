import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Who listens on a port. */
export interface PortOwner {
  readonly pid: number;
  /** The command line, as far as it may be read. */
  readonly command: string;
}

/**
 * The process that listens on a TCP port of this machine, from Linux's /proc; undefined elsewhere, or when the process
 * belongs to another user. Reads a directory per process: for messages about a failed start only.
 */
export function findPortOwner(port: number): PortOwner | undefined {
  try {
    const sockets = new Set(listeningInodes(port).map((inode) => `socket:[${inode}]`));
    if (sockets.size === 0) return undefined;
    for (const pid of readdirSync('/proc')) {
      if (/^\d+$/.test(pid) && holdsAny(pid, sockets)) return ownerOf(pid);
    }
  } catch {
    // No /proc: not Linux.
  }
  return undefined;
}

/** Columns of /proc/net/tcp: slot, local address:port, remote, state (0A: listening), …, inode as the tenth. */
function listeningInodes(port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    (readIfPossible(file) ?? '')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((columns) => columns[1]?.endsWith(suffix) && columns[3] === '0A')
      .map((columns) => columns[9]!),
  );
}

function holdsAny(pid: string, sockets: ReadonlySet<string>): boolean {
  try {
    const directory = `/proc/${pid}/fd`;
    return readdirSync(directory).some((descriptor) =>
      sockets.has(readlinkSync(`${directory}/${descriptor}`)),
    );
  } catch {
    // Another user's, or gone meanwhile.
    return false;
  }
}

/** Of a worker of Portico its primary, which would start a worker that is stopped again. */
function ownerOf(pid: string): PortOwner {
  const status = IS_WORKER.test(commandOf(pid)) ? readIfPossible(`/proc/${pid}/status`) : undefined;
  const owner = status?.match(/^PPid:\s*(\d+)$/m)?.[1] ?? pid;
  return { pid: Number(owner), command: commandOf(owner).slice(0, MAX_COMMAND_CHARACTERS) };
}

const IS_WORKER = /\/workers\/worker\.[jt]s$/;

function commandOf(pid: string): string {
  const parts = (readIfPossible(`/proc/${pid}/cmdline`) ?? '').split('\0').filter((part) => part !== '');
  return parts.join(' ');
}

const MAX_COMMAND_CHARACTERS = 120;

function readIfPossible(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
