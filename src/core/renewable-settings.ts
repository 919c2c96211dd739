import type { Settings } from './settings.ts';

/** Settings, and the way back to the files that certificates, keys and authorities in them were read from. */
export interface RenewableSettings {
  readonly settings: Settings;
  /** What is worth saying about them, ready to print; '' for nothing. */
  readonly warnings: string;
  /** Those files, absolute, each once. The configuration itself is not among them. */
  readonly files: readonly string[];
  /** Their marks (file-mark.ts) as of what was read; whoever is not here may have changed since. */
  readonly marks: ReadonlyMap<string, string>;
  /**
   * Reads those of them anew that may have changed, and what belongs to them, as its key does to a certificate; nothing else. Never
   * throws for what is in them or missing.
   */
  renew(changed: ReadonlySet<string>): Renewal;
}

export interface Renewal {
  /** Undefined: nothing differs that could be taken. */
  readonly renewed: RenewableSettings | undefined;
  /** What differs and cannot be taken: the settings keep what these files held before. */
  readonly refused: readonly RefusedFiles[];
}

/** Files that belong together, a certificate and its key for example, and are not good. */
export interface RefusedFiles {
  readonly files: readonly string[];
  /** Why not and what to do, ready to print. */
  readonly report: string;
}
