import type { Logger } from '../core/logger.ts';
import type { RefusedFiles, RenewableSettings } from '../core/renewable-settings.ts';
import { FileWatch } from './file-watch.ts';

export interface FileRenewalPorts {
  readonly logger: Logger;
  /** Calls `run` when no reload is under way: a change of the files has been seen. */
  due(): void;
  /** Makes settings effective whose files were read anew; resolves with the reason when that is impossible. */
  take(renewed: RenewableSettings): Promise<string | undefined>;
}

/** Keeps a running server in step with the files that its settings were read from; what is not good there is said, and not taken. */
export class FileRenewal {
  readonly #ports: FileRenewalPorts;
  readonly #watch: FileWatch;
  #current: RenewableSettings | undefined;
  #refused: readonly RefusedFiles[] = [];
  /** What has been seen to change and was not taken yet. */
  #changed = new Set<string>();
  #retry: NodeJS.Timeout | undefined;

  constructor(ports: FileRenewalPorts) {
    this.#ports = ports;
    this.#watch = new FileWatch({
      changed: (files) => {
        for (const file of files) this.#changed.add(file);
        ports.due();
      },
      degraded: (reason) =>
        ports.logger.warn(
          { reason },
          'changes of certificate files are seen late: not all directories can be watched; raise fs.inotify.max_user_watches, or reload when they change',
        ),
    });
  }

  /** What is not good in the files at present; the server goes on with what they held before. */
  get refused(): readonly RefusedFiles[] {
    return this.#refused;
  }

  /** The settings that are in effect now. */
  follow(current: RenewableSettings): void {
    this.#current = current;
    this.#refused = [];
    this.#watch.follow(current.files, current.marks);
  }

  /** Follows nothing until the next call of `follow`. */
  rest(): void {
    this.#current = undefined;
    this.#refused = [];
    this.#changed.clear();
    this.#watch.follow([], new Map());
  }

  /** Never rejects: nothing in a file may end the process. */
  async run(): Promise<void> {
    const current = this.#current;
    if (current === undefined) return;
    const changed = this.#changed;
    this.#changed = new Set();
    try {
      if (await this.#renew(current, changed)) return;
      for (const file of changed) this.#changed.add(file);
    } catch (error) {
      for (const file of changed) this.#changed.add(file);
      const reason = error instanceof Error ? error.stack : String(error);
      this.#ports.logger.error({ error: reason }, 'a fault in Portico: changed files were not taken');
    }
  }

  /** False: what has changed could not be taken. */
  async #renew(current: RenewableSettings, changed: ReadonlySet<string>): Promise<boolean> {
    const { logger } = this.#ports;
    // What is not good yet is looked at each time, so that it is known whether it still is not.
    const { renewed, refused } = current.renew(
      new Set([...changed, ...this.#refused.flatMap(({ files }) => files)]),
    );
    this.#noteRefused(refused);
    if (renewed === undefined) return true;
    const reason = await this.#ports.take(renewed);
    if (reason !== undefined) {
      logger.error({ reason }, 'certificate files have changed and could not be taken, nothing has changed');
      this.#retryLater();
      return false;
    }
    this.#current = renewed;
    logger.info({}, 'certificate files have changed and were taken');
    if (renewed.warnings !== '' && renewed.warnings !== current.warnings)
      logger.warn({ report: renewed.warnings }, 'configuration');
    return true;
  }

  /** It was not for the files, so nothing will change in them: a worker may have been stuck. */
  #retryLater(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#ports.due(), RETRY_MS);
    this.#retry.unref();
  }

  close(): void {
    clearTimeout(this.#retry);
    this.#watch.close();
    this.#current = undefined;
  }

  /** Each report once, however often the files are looked at. */
  #noteRefused(refused: readonly RefusedFiles[]): void {
    const known = new Set(this.#refused.map(({ report }) => report));
    for (const { files, report } of refused) {
      if (known.has(report)) continue;
      this.#ports.logger.error(
        { files, report },
        'certificate files have changed and are not good: what they held before is still served; mend them, and they will be taken',
      );
    }
    this.#refused = refused;
  }
}

const RETRY_MS = 60_000;
