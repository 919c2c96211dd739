import { type FSWatcher, statSync, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { fileMark } from '../core/file-mark.ts';
import { linkDirectories } from './link-directories.ts';

export interface FileWatchPorts {
  /** These of the files may hold something else than before. Called at most once a second, and seldomer with more than a thousand files. */
  changed(files: readonly string[]): void;
  /** Some directories cannot be watched; files in them are only looked at now and then. Said once until it is mended. */
  degraded(reason: string): void;
}

/**
 * Notices changes of files. Their directories are watched and not the files: a file that is renamed over, or reached by a
 * link that is swapped, is another file, of which a watch on the old one hears nothing. Besides, all are looked at by stat now
 * and then, which is all there is where the system gives no watches, and on network file systems, which have no events.
 *
 * It does not keep the process alive.
 */
export class FileWatch {
  readonly #ports: FileWatchPorts;
  readonly #watches = new Map<string, DirectoryWatch>();
  #files: readonly string[] = [];
  /** By file, as last seen. */
  #marks: ReadonlyMap<string, string | undefined> = new Map();
  #soon: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;
  #lastLook = Number.NEGATIVE_INFINITY;
  #looking = false;
  #again = false;
  #isDegraded = false;
  #closed = false;

  constructor(ports: FileWatchPorts) {
    this.#ports = ports;
  }

  /** Absolute names, in place of those before. `marks`: those of what is known of their content; of others a change is told at once. */
  follow(files: readonly string[], marks: ReadonlyMap<string, string>): void {
    if (this.#closed) return;
    this.#files = files;
    const before = this.#marks;
    this.#marks = new Map(files.map((file) => [file, marks.get(file) ?? before.get(file)]));
    this.#watchDirectories();
    this.#lookSoon();
    this.#pollLater();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#soon);
    clearTimeout(this.#poll);
    for (const { watcher } of this.#watches.values()) watcher.close();
    this.#watches.clear();
  }

  #watchDirectories(): void {
    const wanted = linkDirectories(this.#files);
    for (const [directory, { watcher, identity }] of this.#watches) {
      // A directory that was made anew under its name is another one.
      if (wanted.has(directory) && identityOf(directory) === identity) continue;
      watcher.close();
      this.#watches.delete(directory);
    }
    let reason: string | undefined;
    for (const directory of wanted) {
      if (this.#watches.has(directory)) continue;
      if (this.#watches.size >= MAX_WATCHES) reason ??= `more than ${MAX_WATCHES} directories`;
      else reason = this.#watchDirectory(directory) ?? reason;
    }
    if (reason !== undefined && !this.#isDegraded) this.#ports.degraded(reason);
    this.#isDegraded = reason !== undefined;
  }

  /** Returns why it is impossible. A directory that is not there is no reason: polling waits for it. */
  #watchDirectory(directory: string): string | undefined {
    const identity = identityOf(directory);
    if (identity === undefined) return undefined;
    try {
      const watcher = watch(directory, { persistent: false }, () => {
        // One event is enough until the look, before which it is watched anew. Where a log lies beside a certificate each line is an
        // event, and each would wake this process, on a core that workers serve on.
        end();
        this.#lookSoon();
      });
      const end = (): void => {
        watcher.close();
        this.#watches.delete(directory);
      };
      watcher.on('error', end);
      this.#watches.set(directory, { watcher, identity });
      return undefined;
    } catch (error) {
      return `${directory}: ${(error as Error).message}`;
    }
  }

  /** Not at once, because changes come in flocks, and with a rest between two looks, whatever happens there. */
  #lookSoon(): void {
    if (this.#closed || this.#soon !== undefined) return;
    const rested = performance.now() - this.#lastLook;
    const rest = Math.max(MIN_REST_MS, this.#files.length * REST_MS_PER_FILE);
    const delay = Math.max(SETTLE_MS, rest - rested);
    this.#soon = setTimeout(() => {
      this.#soon = undefined;
      this.#watchDirectories();
      void this.#look();
    }, delay);
    this.#soon.unref();
  }

  #pollLater(): void {
    clearTimeout(this.#poll);
    if (this.#closed || this.#files.length === 0) return;
    this.#poll = setTimeout(
      () => void this.#look().then(() => this.#pollLater()),
      Math.max(POLL_MS, this.#files.length * POLL_MS_PER_FILE),
    );
    this.#poll.unref();
  }

  async #look(): Promise<void> {
    if (this.#looking) {
      this.#again = true;
      return;
    }
    this.#looking = true;
    this.#lastLook = performance.now();
    const files = this.#files;
    const marks = await marksOf(files);
    this.#looking = false;
    if (this.#closed) return;
    if (this.#again || files !== this.#files) {
      this.#again = false;
      this.#lookSoon();
    }
    const changed = files.filter((file) => marks.get(file) !== this.#marks.get(file));
    this.#marks = marks;
    if (changed.length > 0) this.#ports.changed(changed);
  }
}

interface DirectoryWatch {
  readonly watcher: FSWatcher;
  /** Which directory it is: numbers are given again, so that of its birth too. */
  readonly identity: string;
}

/** The default limit of a Linux user is 8192 watches and more, but other programs want some too. */
const MAX_WATCHES = 512;
/** From the first event to the look: time for both files of a pair to be written. */
const SETTLE_MS = 200;
/** From one look to the next that an event asks for … */
const MIN_REST_MS = 1_000;
/**
 * … and with more than a thousand files longer, so that it stays at a thousand a second: a log beside 10,000 certificates would cost a
 * core otherwise. After a quiet time the first event still finds its look at once.
 */
const REST_MS_PER_FILE = 1;
/** Between two looks that nothing has asked for … */
const POLL_MS = 10_000;
/** … and with more than a thousand files longer, so that it stays at a hundred a second. */
const POLL_MS_PER_FILE = 10;
const STATS_AT_ONCE = 32;

function identityOf(directory: string): string | undefined {
  try {
    const { dev, ino, birthtimeNs } = statSync(directory, { bigint: true });
    return `${dev} ${ino} ${birthtimeNs}`;
  } catch {
    return undefined;
  }
}

/** '' for no file. */
async function marksOf(files: readonly string[]): Promise<Map<string, string>> {
  const marks = new Map<string, string>();
  for (let i = 0; i < files.length; i += STATS_AT_ONCE) {
    await Promise.all(
      files.slice(i, i + STATS_AT_ONCE).map(async (file) => marks.set(file, await markOf(file))),
    );
  }
  return marks;
}

async function markOf(file: string): Promise<string> {
  try {
    return fileMark(await stat(file, { bigint: true }));
  } catch {
    return '';
  }
}
