import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RequestHeadFields } from '../../../../protocols/http/message.ts';
import { CLOSE, CONTINUE } from '../../../../src/core/callback-points.ts';
import type { BlockSettings } from '../../../../src/core/module-settings.ts';
import { createBlock } from '../../../../src/modules/block/block.ts';
import { PathPatterns } from '../../../../src/modules/block/path-patterns.ts';
import { PathTable } from '../../../../src/route/path-table.ts';
import { requestFacts, session } from '../../../support/finished-exchange.ts';

const OF_REQUESTS = { isServerWide: false, trustedProxies: [] };

function settings(lists: Partial<BlockSettings>): BlockSettings {
  return { kind: 'block', addresses: [], methods: [], paths: [], answer: 'refuse', ...lists };
}

function answer(
  lists: Partial<BlockSettings>,
  head: Partial<RequestHeadFields>,
  clientAddress = '192.0.2.1',
): string {
  return createBlock(settings(lists), OF_REQUESTS).decide!(requestFacts(head, { clientAddress })).kind;
}

for (const [lists, head, expected] of [
  [{ methods: ['POST'] }, { method: 'POST' }, 'respond'],
  [{ methods: ['POST'] }, { method: 'post' }, 'continue'],
  [{ addresses: ['192.0.2.0/24'] }, {}, 'respond'],
  [{ addresses: ['192.0.3.0/24', '2001:db8::/32'] }, {}, 'continue'],
  [{ paths: ['/admin/*'] }, { path: '/admin' }, 'respond'],
  [{ paths: ['/admin/*'] }, { path: '/%61dmin/x?y' }, 'respond'],
  [{ paths: ['/admin/*'] }, { path: '/a/../admin/' }, 'respond'],
  [{ paths: ['/admin/*'] }, { path: '/administrator' }, 'continue'],
  [{ paths: ['/admin'] }, { path: '/admin/' }, 'continue'],
  [{ paths: ['/*'] }, { path: '/' }, 'respond'],
  [{ methods: ['POST'], paths: ['/a'] }, { method: 'POST', path: '/a' }, 'respond'],
  [{ methods: ['POST'], paths: ['/a'] }, { method: 'POST', path: '/b' }, 'continue'],
  [{ methods: ['POST'], addresses: ['10.0.0.0/8'] }, { method: 'POST' }, 'continue'],
  [{ methods: ['POST'], answer: 'close' }, { method: 'POST' }, 'close'],
] as const) {
  test(`${JSON.stringify(lists)} says ${expected} to ${JSON.stringify(head)}`, () => {
    assert.equal(answer(lists, head), expected);
  });
}

test('a client whose address is not known is on no list', () => {
  assert.equal(answer({ addresses: ['0.0.0.0/0', '::/0'] }, {}, ''), 'continue');
});

test('path patterns are those of routes', () => {
  const segment = fc.constantFrom('a', 'b', '', 'ab');
  const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => `/${parts.join('/')}`);
  const pattern = fc.tuple(path, fc.boolean()).map(([text, isPrefix]) => (isPrefix ? `${text}/*` : text));
  fc.assert(
    fc.property(fc.array(pattern, { maxLength: 4 }), path, (patterns, asked) => {
      const table = new PathTable<string>();
      for (const text of patterns) table.add(text, text);

      assert.equal(new PathPatterns(patterns).match(asked), table.lookup(asked) !== undefined);
    }),
  );
});

test('connections are closed at their accept only where nothing but addresses is asked for, of the whole server', () => {
  const addresses = ['192.0.2.0/24'];
  const serverWide = { isServerWide: true, trustedProxies: ['192.0.2.99'] };
  const hasAccept = (lists: Partial<BlockSettings>, context = serverWide): boolean =>
    createBlock(settings({ answer: 'close', addresses, ...lists }), context).handlers?.accept !== undefined;

  assert.equal(hasAccept({}), true);
  assert.equal(hasAccept({ answer: 'refuse' }), false);
  assert.equal(hasAccept({ methods: ['GET'] }), false);
  assert.equal(hasAccept({ paths: ['/'] }), false);
  assert.equal(hasAccept({}, { ...serverWide, isServerWide: false }), false);
  const { accept } = createBlock(settings({ answer: 'close', addresses }), serverWide).handlers!;
  const answers = ['192.0.2.1', '192.0.2.99', '192.0.3.1'].map((remoteAddress) =>
    accept!(session({ remoteAddress })),
  );
  assert.deepEqual(answers, [CLOSE, CONTINUE, CONTINUE], 'a trusted proxy is asked for whom it speaks');
});
