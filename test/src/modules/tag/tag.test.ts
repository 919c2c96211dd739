import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTag } from '../../../../src/modules/tag/tag.ts';
import { requestFacts } from '../../../support/finished-exchange.ts';

test('tags have their values, but not empty ones, and no more of a long one than logs should hold', () => {
  const module = createTag({
    kind: 'tag',
    tags: [
      ['kind', 'robot'],
      ['agent', '%{header:user-agent}'],
      ['none', '%{header:x-none}'],
    ],
  });

  const tags = module.tag!(requestFacts({ headers: ['user-agent', 'a'.repeat(300)] }));

  assert.deepEqual(tags, ['kind', 'robot', 'agent', 'a'.repeat(256)]);
});
