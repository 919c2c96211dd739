import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { GLITCH_POINTS, GlitchAccount, type GlitchKind } from '../../../protocols/http2/glitch-account.ts';

const kinds = Object.keys(GLITCH_POINTS) as GlitchKind[];

describe('a glitch account', () => {
  it('takes each kind up to its limit and not beyond', () => {
    for (const kind of kinds) {
      const account = new GlitchAccount(100);
      for (let points = GLITCH_POINTS[kind]; points <= 100; points += GLITCH_POINTS[kind]) {
        assert.equal(account.charge(kind), GLITCH_POINTS[kind]);
        assert.equal(account.isOverdrawn, false, `${kind} at ${points}`);
      }
      account.charge(kind);
      assert.equal(account.isOverdrawn, true, kind);
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
    account.answered();
    account.answered();
    account.charge('reset');
    account.charge('reset');
    assert.equal(account.isOverdrawn, false);
    account.charge('ping');
    assert.equal(account.isOverdrawn, true);
  });

  it('gives two points back for each answer', () => {
    const account = new GlitchAccount(100);
    account.charge('reset');
    account.charge('ping');
    account.answered();
    assert.equal(account.points, 3);
    account.answered();
    account.answered();
    assert.equal(account.points, 0);
  });

  it('does not charge for the window updates and the ping that a frame of data calls for', () => {
    const account = new GlitchAccount(100);
    account.dataSent();
    for (const kind of ['window-update', 'window-update', 'ping'] as const)
      assert.equal(account.charge(kind), 0);
    assert.equal(account.charge('window-update'), 1);
  });

  it('lets data pay for nothing else', () => {
    for (const kind of kinds.filter((one) => one !== 'window-update' && one !== 'ping')) {
      const account = new GlitchAccount(100);
      account.charge('reset');
      for (let i = 0; i < 100; i++) account.dataSent();
      assert.equal(account.charge(kind), GLITCH_POINTS[kind], kind);
      assert.equal(account.points, 4 + GLITCH_POINTS[kind], kind);
    }
  });

  it('keeps no more than a thousand of what is due', () => {
    const account = new GlitchAccount(100);
    for (let i = 0; i < 10_000; i++) account.dataSent();
    for (let i = 0; i < 1000; i++) assert.equal(account.charge('window-update'), 0);
    assert.equal(account.charge('window-update'), 1);
  });
});
