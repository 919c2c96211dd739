import type { HeaderChanges, ModuleEntrySettings, ModuleSettings } from '../../core/module-settings.ts';
import type { HeadersEntry, ModuleEntry } from '../config-file.ts';
import { type Path, pathText } from '../problem.ts';

/** The modules of the mapping at `place`; nothing where it has none. */
export function resolveModules(
  entries: readonly ModuleEntry[],
  place: Path,
): { readonly modules?: readonly ModuleEntrySettings[] } {
  if (entries.length === 0) return {};
  return {
    modules: entries.map((entry, i) => ({
      place: pathText([...place, 'modules', i]),
      ...(entry.when === undefined ? {} : { when: entry.when }),
      module: resolveModule(entry),
    })),
  };
}

function resolveModule({ headers, block }: ModuleEntry): ModuleSettings {
  if (headers !== undefined)
    return {
      kind: 'headers',
      request: resolveChanges(headers.request),
      response: resolveChanges(headers.response),
    };
  return { kind: 'block', ...block! };
}

function resolveChanges(changes: HeadersEntry['request']): HeaderChanges {
  return {
    rename: Object.entries(changes.rename).map(([from, to]) => [from.toLowerCase(), to.toLowerCase()]),
    delete: changes.delete.map((name) => name.toLowerCase()),
    set: lowerNames(changes.set),
    add: lowerNames(changes.add),
  };
}

function lowerNames(values: Readonly<Record<string, string>>): [name: string, value: string][] {
  return Object.entries(values).map(([name, value]) => [name.toLowerCase(), value]);
}
