import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compileCondition, PRIMITIVES } from '../../src/route/condition/compile-condition.ts';
import {
  MAX_BODY_PATH_NAMES,
  MAX_CONDITION_DEPTH,
  MAX_CONDITION_LENGTH,
  MAX_PATTERN_PROGRAM,
} from '../../src/route/condition/limits.ts';
import { ROOT } from '../support/documents.ts';

const PAGE = readFileSync(join(ROOT, 'docs/conditions.md'), 'utf8');

test('the reference has every primitive with its arguments, and no other', () => {
  const rows = PAGE.split('\n').filter((line) => line.startsWith('| `'));
  const written = rows.flatMap((row) =>
    [...row.split(' | ')[0]!.matchAll(/`(\w+\([\w, ]*\))`/g)].map(([, signature]) => signature!),
  );
  const known = [...PRIMITIVES].map(
    ([name, { parameters }]) => `${name}(${parameters.map((parameter) => parameter.name).join(', ')})`,
  );

  assert.deepEqual(written.toSorted(), known.toSorted());
});

test('the reference says which primitives a route cannot have', () => {
  const [, section = ''] = PAGE.split('## Not for routes');
  const [refused = ''] = section.split('\n## ');
  for (const [name, { fact }] of PRIMITIVES)
    assert.equal(refused.includes(`\`${name}(`), fact !== undefined, name);
});

test('the conditions of the reference can be read', () => {
  const [example = ''] = [...PAGE.matchAll(/```yaml\n([^`]*)```/g)].map(([, text]) => text!);
  const conditions = [...example.matchAll(/when: '([^']*)'/g)].map(([, text]) => text!);

  assert.equal(conditions.length, 2);
  for (const condition of conditions) assert.ok('holds' in compileCondition(condition), condition);
});

test('the bounds of the reference are those of the code', () => {
  assert.ok(PAGE.includes(`at most ${MAX_CONDITION_LENGTH.toLocaleString('en')} characters`));
  assert.ok(PAGE.includes(`at most ${MAX_CONDITION_DEPTH} deep`));
  assert.ok(PAGE.includes(`names with dots between them, at most ${MAX_BODY_PATH_NAMES}.`));
  assert.ok(PAGE.includes(`more than ${MAX_PATTERN_PROGRAM} instructions`));
});
