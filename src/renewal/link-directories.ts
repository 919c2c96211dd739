import { type Dir, lstatSync, opendirSync, readlinkSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

/**
 * The directories in which something can be renamed so that one of `files` (absolute) becomes another: that of each symbolic link on
 * the way to it, and the one it is in at last. In Kubernetes `tls.crt` is a link to `..data/tls.crt`, and `..data` the link
 * that is swapped; certbot swaps the link to the file itself.
 */
export function linkDirectories(files: readonly string[]): Set<string> {
  const walk = new LinkWalk(files);
  for (const file of files) walk.follow(file, 0);
  return walk.found;
}

/** One look at the links on the way to some files: nothing is asked of the system twice. */
class LinkWalk {
  readonly found: Set<string> = new Set();
  /** How many of the files are in a directory, by the name under which it is asked for. */
  readonly #wanted = new Map<string, number>();
  /** The same directories without links on the way; undefined: a circle. */
  readonly #places = new Map<string, string | undefined>();
  /** Names of the links in a directory that was read as a whole; undefined: it has far more than what is wanted of it. */
  readonly #links = new Map<string, ReadonlySet<string> | undefined>();

  constructor(files: readonly string[]) {
    for (const file of files) {
      const directory = dirname(file);
      this.#wanted.set(directory, (this.#wanted.get(directory) ?? 0) + 1);
    }
  }

  /** `links`: those that have led here. */
  follow(file: string, links: number): void {
    const directory = dirname(file);
    const place = this.#placeOf(directory, links);
    if (place === undefined) return;
    this.found.add(place);
    const name = basename(file);
    if (this.#linksIn(place, this.#wanted.get(directory) ?? 1)?.has(name) === false) return;
    const target = linkTarget(join(place, name));
    if (target !== undefined && links < MAX_LINKS) this.follow(resolve(place, target), links + 1);
  }

  #placeOf(directory: string, links: number): string | undefined {
    if (!this.#places.has(directory)) this.#places.set(directory, this.#findPlace(directory, links));
    return this.#places.get(directory);
  }

  #findPlace(directory: string, links: number): string | undefined {
    const above = dirname(directory);
    if (above === directory) return directory;
    const parent = this.#placeOf(above, links);
    if (parent === undefined) return undefined;
    const path = join(parent, basename(directory));
    const target = linkTarget(path);
    if (target === undefined) return path;
    this.found.add(parent);
    return links < MAX_LINKS ? this.#placeOf(resolve(parent, target), links + 1) : undefined;
  }

  /** Of many files in one directory: reading it costs a fraction of asking for each. */
  #linksIn(directory: string, wanted: number): ReadonlySet<string> | undefined {
    if (wanted < MANY) return undefined;
    if (!this.#links.has(directory)) this.#links.set(directory, listLinks(directory, ROOM_FACTOR * wanted));
    return this.#links.get(directory);
  }
}

/** As many as Linux follows; more are a circle. */
const MAX_LINKS = 40;
const MANY = 16;
/** A directory that has more than this times what is wanted of it is not read. */
const ROOM_FACTOR = 8;
const ENTRIES_AT_ONCE = 1024;

/** The symbolic links of a directory; undefined: it has more than `most` entries, or cannot be read. */
function listLinks(directory: string, most: number): ReadonlySet<string> | undefined {
  let entries: Dir | undefined;
  try {
    entries = opendirSync(directory, { bufferSize: ENTRIES_AT_ONCE });
    const links = new Set<string>();
    for (let seen = 0; seen <= most; seen++) {
      const entry = entries.readSync();
      if (entry === null) return links;
      if (entry.isSymbolicLink()) links.add(entry.name);
    }
    return undefined;
  } catch {
    return undefined;
  } finally {
    entries?.closeSync();
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch {
    // Not ours to read, or gone meanwhile: reading the file will say so.
    return undefined;
  }
}
