import { statSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { join } from 'node:path';
import type { ModuleKind, SettingsFault } from './core/module-kind.ts';
import { endlessFault } from './core/regular-file.ts';

/** A module file as the configuration names it: a path, or the name of a package; both as seen from `directory`. */
export interface NamedModule {
  readonly specifier: string;
  /** Absolute. */
  readonly directory: string;
  readonly settings: unknown;
}

/** What there is to say of it. `file`: absolute; undefined when there is none. */
export interface InspectedModule {
  readonly file: string | undefined;
  /** Why it cannot be used. */
  readonly fault: string | undefined;
  readonly settingsFaults: readonly SettingsFault[];
}

/** Looks into the file and has its kind look at the settings. Never throws for what is in it. */
export function inspectModule({ specifier, directory, settings }: NamedModule): InspectedModule {
  let file: string;
  try {
    file = createRequire(join(directory, 'portico.yaml')).resolve(specifier);
  } catch {
    return { file: undefined, fault: 'no such file or package', settingsFaults: [] };
  }
  if (isBuiltin(file)) return { file: undefined, fault: 'it is a part of Node', settingsFaults: [] };
  const kind = loadModuleKind(file);
  if (typeof kind === 'string') return { file, fault: kind, settingsFaults: [] };
  try {
    const settingsFaults = kind.check?.(settings) ?? [];
    if (!isFaultList(settingsFaults))
      return { file, fault: 'its check gives no list of { path, message, hint }', settingsFaults: [] };
    return { file, fault: undefined, settingsFaults };
  } catch (error) {
    return { file, fault: `its check failed: ${messageOf(error)}`, settingsFaults: [] };
  }
}

function isFaultList(found: unknown): found is SettingsFault[] {
  return (
    Array.isArray(found) &&
    found.every(
      (fault) =>
        typeof fault?.message === 'string' && (fault.path === undefined || Array.isArray(fault.path)),
    )
  );
}

/** The kind that a file exports; a text: why there is none. Synchronous, so that a snapshot is built in one go. */
export function loadModuleKind(file: string): ModuleKind | string {
  let exported: { readonly moduleKind?: Partial<ModuleKind> };
  try {
    const fault = endlessFault(statSync(file));
    if (fault !== undefined) return fault;
    exported = createRequire(file)(file) as typeof exported;
  } catch (error) {
    return messageOf(error);
  }
  const kind = exported.moduleKind;
  if (typeof kind !== 'object' || kind === null) return 'it does not export moduleKind';
  if (typeof kind.name !== 'string' || !/^[a-z0-9][a-z0-9-]{0,63}$/.test(kind.name))
    return 'the name of its moduleKind is not made of letters, digits and dashes';
  if (typeof kind.create !== 'function') return 'its moduleKind has no create';
  if (kind.check !== undefined && typeof kind.check !== 'function')
    return 'check of its moduleKind is no function';
  return kind as ModuleKind;
}

/** One line: the first of a stack is where Node shows the place in the file. */
function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0]!;
}
