import type { Module } from './callback-points.ts';

/**
 * A kind of module that the configuration names by its file: `use: ./stamp.mjs`. The file exports one as `moduleKind`. Node loads
 * it once for the life of a process.
 */
export interface ModuleKind {
  /** For logs and metrics: letters, digits and dashes. */
  readonly name: string;
  /** What is wrong with the settings; none: they are good. Called where the configuration is checked, in a process without traffic. */
  readonly check?: (settings: unknown) => readonly SettingsFault[];
  /** A module for settings that `check` has not complained of: what stands behind `with`, undefined when nothing does. */
  // biome-ignore lint/suspicious/noExplicitAny: what the settings are is known to who has checked them.
  readonly create: (settings: any) => Omit<Module, 'name' | 'place'>;
}

/** Something that is wrong with settings. */
export interface SettingsFault {
  /** Keys and list positions below `with`; none: the whole of it. */
  readonly path?: readonly (string | number)[];
  readonly message: string;
  /** What to write instead. */
  readonly hint?: string;
}
