import { join, relative, resolve } from 'node:path';
import type { Tree } from './tree.ts';

/** How the new configuration names files of the old one: they stay where they are. */
export class FilePaths {
  readonly #tree: Tree;
  readonly #directory: string | undefined;

  /** `directory`: of the configuration that is written; undefined: not known, so names are absolute. */
  constructor(tree: Tree, directory: string | undefined) {
    this.#tree = tree;
    this.#directory = directory === undefined ? undefined : resolve(directory);
  }

  /** A name that is relative to the conf directory. */
  inConf(name: string): string {
    return this.#written(this.#tree.path(name));
  }

  /**
   * A name that is relative to the directory in which BFE runs, which is not known: `bin` beside `conf` as a rule, so that
   * `../conf/a.crt` is `a.crt` in conf.
   */
  inWork(name: string): string {
    const candidates = [join('../bin', name), name, name.replace(/^(?:\.\.?\/)+conf\//, '')];
    return this.inConf(candidates.find((candidate) => this.#tree.exists(candidate)) ?? candidates.at(-1)!);
  }

  #written(absolute: string): string {
    if (this.#directory === undefined) return absolute;
    const path = relative(this.#directory, absolute);
    return path === '' ? '.' : path;
  }
}
