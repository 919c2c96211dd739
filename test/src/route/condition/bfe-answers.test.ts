import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { authorityHost } from '../../../../protocols/http/authority.ts';
import { AddressBlocks } from '../../../../src/core/address-blocks.ts';
import { bfeReading } from '../../../../src/route/condition/bfe-reading.ts';
import { compileCondition } from '../../../../src/route/condition/compile-condition.ts';
import { ConditionFault } from '../../../../src/route/condition/condition-fault.ts';
import type { Reading } from '../../../../src/route/condition/parser.ts';
import { RequestSubject } from '../../../../src/route/request-subject.ts';

/**
 * Random conditions and requests with what BFE made of them, of each primitive true and false answers, and mixtures of `&&` and
 * `||` without parentheses: recorded from the package bfe_basic/condition of BFE 1.8.5, run by itself. Left out is what is
 * different on purpose (docs/conditions.md).
 */
const RECORDED = readFileSync(
  join(import.meta.dirname, '../../../fixtures/conditions/bfe-answers.jsonl'),
  'utf8',
)
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Recorded);

interface Recorded {
  readonly condition: string;
  readonly method: string;
  readonly secure: boolean;
  readonly host: string;
  readonly uri: string;
  /** '' for none. */
  readonly client: string;
  readonly vip: string;
  readonly sni: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly answer: boolean;
}

test('conditions read as BFE reads them are answered as BFE answers them', () => {
  for (const recorded of RECORDED) {
    assert.equal(answer(recorded, 'bfe'), recorded.answer, JSON.stringify(recorded));
  }
  assert.ok(RECORDED.length > 300);
});

test('a condition that is answered otherwise here is one that the warning is for', () => {
  const otherwise = RECORDED.filter((recorded) => answer(recorded, 'portico') !== recorded.answer);

  for (const { condition } of otherwise) assert.notEqual(bfeReading(condition), undefined, condition);
  assert.ok(otherwise.length > 5, `only ${otherwise.length}`);
});

function answer({ condition, ...said }: Recorded, reading: Reading): boolean {
  const compiled = compileCondition(condition, { reading });
  if (compiled instanceof ConditionFault) throw compiled;
  const origin = {
    session: {
      remoteAddress: said.client,
      localAddress: said.vip,
      tls: said.secure ? { serverName: said.sni, client: undefined } : undefined,
    },
    head: { method: said.method, authority: said.host, version: '1.1', bodyLength: 0, upgrade: '' },
    path: said.uri,
    requestHeaders: said.headers.flatMap(([name, value]) => [name.toLowerCase(), octets(value)]),
  } as const;
  const nobody = new AddressBlocks([]);
  return compiled.holds(new RequestSubject(origin, authorityHost(said.host), nobody, { wall: () => 0 }));
}

function octets(text: string): string {
  return Buffer.from(text).toString('latin1');
}
