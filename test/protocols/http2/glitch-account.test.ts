import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GLITCH_POINTS, GlitchAccount, type GlitchKind } from '../../../protocols/http2/glitch-account.ts';

const kinds = Object.keys(GLITCH_POINTS) as GlitchKind[];

describe('a glitch account', () => {
  it('takes each kind up to its limit and not beyond', () => {
    for (const kind of kinds) {
      const account = new GlitchAccount(100);
      for (let points = GLITCH_POINTS[kind]; points <= 100; points += GLITCH_POINTS[kind])
        assert.equal(account.charge(kind), true, `${kind} at ${points}`);
      assert.equal(account.charge(kind), false, kind);
    }
  });

  it('adds up all kinds', () => {
    const account = new GlitchAccount(1000);
    for (const kind of kinds) account.charge(kind);
    assert.equal(
      account.points,
      kinds.reduce((sum, kind) => sum + GLITCH_POINTS[kind], 0),
    );
  });

  it('forgives everything within ten seconds, evenly', () => {
    const account = new GlitchAccount(100);
    account.advance(5000);
    for (let i = 0; i < 25; i++) account.charge('reset');
    account.advance(7000);
    assert.equal(account.points, 80);
    account.advance(7000);
    assert.equal(account.points, 80);
    account.advance(14_999.9);
    assert.ok(account.points > 0 && account.points < 0.01, `${account.points}`);
    account.advance(15_000);
    assert.equal(Math.round(account.points * 1e6), 0);
    account.advance(1e9);
    assert.equal(account.points, 0);
  });

  it('forgives nothing in advance', () => {
    const account = new GlitchAccount(8);
    account.advance(0);
    account.advance(1_000_000);
    account.earn();
    account.earn();
    assert.equal(account.charge('reset'), true);
    assert.equal(account.charge('reset'), true);
    assert.equal(account.charge('ping'), false);
  });

  it('gives two points back for useful work', () => {
    const account = new GlitchAccount(100);
    account.charge('reset');
    account.charge('ping');
    account.earn();
    assert.equal(account.points, 3);
    account.earn();
    account.earn();
    assert.equal(account.points, 0);
  });
});
