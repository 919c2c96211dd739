import type {
  HeaderChanges,
  ModuleEntrySettings,
  ModuleSettings,
  RedirectSettings,
  RewriteSettings,
} from '../../core/module-settings.ts';
import type { HeadersEntry, ModuleEntry, RedirectEntry, RewriteEntry } from '../config-file.ts';
import { type Path, pathText } from '../problem.ts';
import type { OwnModules } from './read-own-modules.ts';

/** The modules of the mapping at `place`; nothing where it has none. */
export function resolveModules(
  entries: readonly ModuleEntry[],
  place: Path,
  files: OwnModules['files'],
): { readonly modules?: readonly ModuleEntrySettings[] } {
  if (entries.length === 0) return {};
  return {
    modules: entries.map((entry, i) => {
      const at = pathText([...place, 'modules', i]);
      const when = entry.when === undefined ? {} : { when: entry.when };
      return { place: at, ...when, module: resolveModule(entry, files.get(at)) };
    }),
  };
}

/** Of a checked entry: exactly one is there. */
function resolveModule(entry: ModuleEntry, file: string | undefined): ModuleSettings {
  const { headers, block, redirect, rewrite, respond, tag } = entry;
  if (headers !== undefined) {
    const [request, response] = [headers.request, headers.response].map(resolveChanges) as [
      HeaderChanges,
      HeaderChanges,
    ];
    return { kind: 'headers', request, response };
  }
  if (block !== undefined) return { kind: 'block', ...block };
  if (redirect !== undefined) return resolveRedirect(redirect);
  if (rewrite !== undefined) return resolveRewrite(rewrite);
  if (respond !== undefined) return { kind: 'respond', ...respond, headers: lowerNames(respond.headers) };
  if (tag !== undefined) return { kind: 'tag', tags: Object.entries(tag) };
  return { kind: 'use', file: file!, with: jsonCopy(entry.with) };
}

/** Settings are frozen and cross process borders; what a program has given stays its own. */
function jsonCopy(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

function resolveRedirect({ to, status, scheme, host, port, path, query }: RedirectEntry): RedirectSettings {
  if (to !== undefined) return { kind: 'redirect', status, to: { kind: 'url', url: to } };
  return { kind: 'redirect', status, to: { kind: 'pieces', scheme, host, port, path, query } };
}

function resolveRewrite({
  host,
  path,
  trimPrefix,
  replace,
  addPrefix,
  query,
}: RewriteEntry): RewriteSettings {
  const changes = {
    keep: query.keep,
    delete: query.delete,
    rename: Object.entries(query.rename),
    add: Object.entries(query.add),
  };
  return { kind: 'rewrite', host, path, trimPrefix, replace, addPrefix, query: changes };
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
