import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Linux: the ports at the other ends of the established TCP/IPv4 connections that a process has on `localPort`. */
export function remotePortsOf(pid: number, localPort: number): Set<number> {
  const inodes = new Set(
    readdirSync(`/proc/${pid}/fd`).map(
      (fd) => /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1],
    ),
  );
  const ports = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state, , , , , , inode]) => {
      return state === ESTABLISHED && portOf(local!) === localPort && inodes.has(inode);
    })
    .map(([, , remote]) => portOf(remote!));
  return new Set(ports);
}

const ESTABLISHED = '01';

/** Of `0100007F:1F90`. */
function portOf(address: string): number {
  return Number.parseInt(address.split(':')[1]!, 16);
}

/** '' for one that was closed while we looked. */
function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}
