import { lstatSync, readlinkSync } from 'node:fs';
import { join, parse, resolve, sep } from 'node:path';

/**
 * The directories in which something can be renamed so that one of `files` (absolute) becomes another: that of each symbolic link on
 * the way to it, and the one it is in at last. In Kubernetes `tls.crt` is a link to `..data/tls.crt`, and `..data` the link
 * that is swapped; certbot swaps the link to the file itself.
 */
export function linkDirectories(files: readonly string[]): Set<string> {
  const found = new Set<string>();
  const targets = new Map<string, string | undefined>();
  const targetOf = (path: string): string | undefined => {
    if (!targets.has(path)) targets.set(path, linkTarget(path));
    return targets.get(path);
  };
  for (const file of files) {
    let { at, parts } = split(file);
    let links = 0;
    while (parts.length > 0) {
      const path = join(at, parts[0]!);
      const target = targetOf(path);
      if (target !== undefined || parts.length === 1) found.add(at);
      if (target === undefined) {
        at = path;
        parts = parts.slice(1);
      } else {
        links += 1;
        if (links > MAX_LINKS) break;
        const onward = split(resolve(at, target));
        at = onward.at;
        parts = [...onward.parts, ...parts.slice(1)];
      }
    }
  }
  return found;
}

/** As many as Linux follows; more are a circle. */
const MAX_LINKS = 40;

function split(path: string): { at: string; parts: string[] } {
  const { root } = parse(path);
  return {
    at: root,
    parts: path
      .slice(root.length)
      .split(sep)
      .filter((part) => part !== ''),
  };
}

function linkTarget(path: string): string | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch {
    // Not ours to read, or gone meanwhile: reading the file will say so.
    return undefined;
  }
}
