import { resolve } from 'node:path';
import type { SettingsFault } from '../../core/module-kind.ts';
import { type Complaint, complain, complainAboutKey, type Path, pathText } from '../problem.ts';
import { isMapping, memberOf } from '../raw.ts';
import { moduleEntries } from './module-entries.ts';

/** What looks into a module's file, and has its kind look at the settings; handed in, because it runs what is in it. */
export type InspectModule = (named: {
  readonly specifier: string;
  readonly directory: string;
  readonly settings: unknown;
}) => {
  readonly file: string | undefined;
  readonly fault: string | undefined;
  readonly settingsFaults: readonly SettingsFault[];
};

export interface OwnModules {
  /** Absolute, by the place of the entry. */
  readonly files: ReadonlyMap<string, string>;
  readonly complaints: readonly Complaint[];
}

/** Finds the modules that entries name by file or package. */
export function readOwnModules(
  data: unknown,
  directoryOf: (path: Path) => string,
  inspect: InspectModule | undefined,
): OwnModules {
  const files = new Map<string, string>();
  const complaints: Complaint[] = [];
  for (const { entry, path } of moduleEntries(data)) {
    const specifier = memberOf(entry, 'use');
    const settings = memberOf(entry, 'with');
    if (isMapping(entry) && specifier === undefined && settings !== undefined)
      complaints.push(complainAboutKey([...path, 'with'], '"with" is for modules that use names'));
    if (typeof specifier !== 'string' || specifier === '') continue;
    // The top level of a file, or a tenant, comes from one file.
    const directory = directoryOf(path.slice(0, 2));
    const found = inspect?.({ specifier, directory, settings });
    const file = found === undefined ? resolve(directory, specifier) : found.file;
    if (file !== undefined) files.set(pathText(path), file);
    if (found?.fault !== undefined)
      complaints.push(
        complain([...path, 'use'], `the module ${JSON.stringify(specifier)} cannot be used: ${found.fault}`),
      );
    for (const fault of found?.settingsFaults ?? []) {
      const at = [...path, ...(settings === undefined ? [] : ['with']), ...(fault.path ?? [])];
      complaints.push(complain(at, fault.message, fault.hint));
    }
  }
  return { files, complaints };
}
