import assert from 'node:assert/strict';
import { type LoadOptions, type LoadResult, parseConfig } from '../../src/config/load.ts';
import type { Settings } from '../../src/core/settings.ts';

/** Settings from a text that must be good. */
export function settingsOf(text: string, options?: LoadOptions): Settings {
  return goodSettings(parseConfig(text, 'portico.yaml', options));
}

export function goodSettings(result: LoadResult): Settings {
  if (!result.ok) assert.fail(`not good: ${shortProblems(result).join('\n')}`);
  return result.settings;
}

/** The problems of a text that must be bad, each as `line:column message (hint)`. */
export function problemsOf(text: string, options?: LoadOptions): string[] {
  return shortProblems(parseConfig(text, 'portico.yaml', options));
}

export function shortProblems(result: LoadResult): string[] {
  if (result.ok) return [];
  return result.problems.map(({ file, line, column, message, hint }) => {
    const name = file === 'portico.yaml' ? '' : `${file}:`;
    return `${name}${line}:${column} ${message}${hint === undefined ? '' : ` (${hint})`}`;
  });
}

/** A file system of a few files, by absolute path; everything else is not there. */
export function filesFrom(files: Readonly<Record<string, string>>): (file: string) => string {
  return (file) => {
    const content = Object.hasOwn(files, file) ? files[file] : undefined;
    if (content === undefined) throw Object.assign(new Error(`no ${file}`), { code: 'ENOENT' });
    return content;
  };
}
