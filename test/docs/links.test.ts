import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { test } from 'node:test';
import { allDocuments, anchorOf, ROOT } from '../support/documents.ts';

const documents = allDocuments();

test('every link leads somewhere, anchors included', () => {
  let count = 0;
  for (const { file, text } of documents) {
    for (const [, target] of withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue;
      count += 1;
      const [path, anchor] = target!.split('#', 2) as [string, string | undefined];
      const there = path === '' ? join(ROOT, file) : join(ROOT, dirname(file), path);
      assert.ok(existsSync(there), `${file} links to ${target}`);
      if (anchor !== undefined)
        assert.ok(anchorsOf(there).includes(anchor), `${file} links to ${target}, which has no such heading`);
    }
  }
  assert.ok(count > 30, `only ${count} links were followed`);
});

test('every page is reached from the index, and the index from the README', () => {
  const index = readFileSync(join(ROOT, 'docs/README.md'), 'utf8');
  const pages = documents
    .map(({ file }) => posix.relative('docs', file))
    .filter((page) => !page.startsWith('..'));

  for (const page of pages) if (page !== 'README.md') assert.ok(index.includes(`](${page})`), page);
  assert.match(readFileSync(join(ROOT, 'README.md'), 'utf8'), /\]\(docs\/README\.md\)/);
});

test('every file and folder that a page names is there', () => {
  let count = 0;
  for (const { file, text } of documents) {
    for (const [, path] of text.matchAll(
      /`((?:src|protocols|test|bench|conf|docs|examples|\.ci)\/[\w./-]*)`/g,
    )) {
      if (MADE.has(path!)) continue;
      count += 1;
      assert.ok(existsSync(join(ROOT, path!)), `${file} names ${path}`);
    }
  }
  assert.ok(count > 60, `only ${count} names were looked up`);
});

test('the architecture page shows every folder of the house', () => {
  const { text } = documents.find(({ file }) => file === 'docs/architecture.md')!;
  const house = /```\n(protocols\/[\s\S]*?)```/.exec(text)![1]!;
  const rooms = globSync(['protocols/*/', 'src/*/', 'src/*.ts'], { cwd: ROOT }).map((path) =>
    posix.basename(path),
  );

  assert.ok(rooms.length > 15);
  for (const room of rooms) {
    const name = room.endsWith('.ts') ? room : `${room}/`;
    assert.match(house, new RegExp(`^ +${name.replaceAll('.', '\\.')} `, 'm'), name);
  }
});

/** Results of a benchmark are not kept. */
const MADE = new Set(['bench/results/']);

function anchorsOf(file: string): string[] {
  const headings = withoutCode(readFileSync(file, 'utf8')).matchAll(/^#+ (.+)$/gm);
  return Array.from(headings, ([, heading]) => anchorOf(heading!));
}

function withoutCode(text: string): string {
  return text.replace(/^ *```[\s\S]*?^ *```$/gm, '');
}
