import { globSync, readFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';

export const ROOT: string = resolve(import.meta.dirname, '../..');

/** A page of the documentation. */
export interface Document {
  /** Relative to the root, with slashes. */
  readonly file: string;
  readonly text: string;
}

/** Everything written for readers; transcripts are tests. */
export function allDocuments(): Document[] {
  return globSync(['*.md', 'docs/**/*.md', 'certs/README.md'], { cwd: ROOT })
    .map((file) => ({ file: file.split(sep).join('/'), text: readFileSync(join(ROOT, file), 'utf8') }))
    .toSorted((a, b) => a.file.localeCompare(b.file));
}

/** The fenced blocks of a language; '' for those that name none. */
export function fencedBlocks(text: string, language: string): string[] {
  return Array.from(text.matchAll(/^ *```(\w*)\n([\s\S]*?)^ *```$/gm))
    .filter(([, name]) => name === language)
    .map(([, , block]) => block!);
}

/** The anchor that a heading has on the pages of the usual forges. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
}
