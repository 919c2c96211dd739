import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PeerSettings } from '../../../protocols/http2/peer-settings.ts';
import type { SettingName } from '../../support/http2-names.ts';
import { settings } from '../../support/http2-wire.ts';

function read(
  entries: readonly (readonly [SettingName | number, number])[],
  peerIsServer = false,
  to = new PeerSettings(peerIsServer),
) {
  const frame = settings(entries);
  return { rule: to.read(frame, 9, frame.length), to };
}

describe('what a peer has told', () => {
  it('is as the RFC begins until it tells', () => {
    const { to } = read([]);
    assert.equal(to.headerTableBytes, 4096);
    assert.equal(to.maxConcurrentStreams, Number.POSITIVE_INFINITY);
    assert.equal(to.initialWindow, 65_535);
    assert.equal(to.connectProtocol, false);
  });

  it('is taken in order, the last of a kind counts, and unknown ones do not', () => {
    const { rule, to } = read([
      ['HEADER_TABLE_SIZE', 0xffffffff],
      ['INITIAL_WINDOW_SIZE', 1],
      ['MAX_CONCURRENT_STREAMS', 0],
      ['INITIAL_WINDOW_SIZE', 0x7fffffff],
      ['MAX_FRAME_SIZE', 16_384],
      ['MAX_FRAME_SIZE', 16_777_215],
      ['MAX_HEADER_LIST_SIZE', 1],
      [0xffff, 0xffffffff],
      ['ENABLE_CONNECT_PROTOCOL', 1],
    ]);
    assert.equal(rule, undefined);
    assert.equal(to.headerTableBytes, 0xffffffff);
    assert.equal(to.initialWindow, 0x7fffffff);
    assert.equal(to.maxConcurrentStreams, 0);
    assert.equal(to.connectProtocol, true);
  });

  it('breaks a rule with a value that is not allowed', () => {
    const cases: readonly (readonly [SettingName, number, string, boolean?])[] = [
      ['ENABLE_PUSH', 2, 'bad-setting'],
      ['ENABLE_PUSH', 1, 'bad-setting', true],
      ['INITIAL_WINDOW_SIZE', 0x80000000, 'initial-window-too-large'],
      ['INITIAL_WINDOW_SIZE', 0xffffffff, 'initial-window-too-large'],
      ['MAX_FRAME_SIZE', 16_383, 'bad-setting'],
      ['MAX_FRAME_SIZE', 16_777_216, 'bad-setting'],
      ['ENABLE_CONNECT_PROTOCOL', 2, 'bad-setting'],
      ['NO_RFC7540_PRIORITIES', 2, 'bad-setting'],
    ];
    for (const [name, value, rule, peerIsServer] of cases)
      assert.equal(read([[name, value]], peerIsServer).rule, rule, `${name} ${value}`);
  });

  it('may say 1 and 0 where these are the values there are', () => {
    for (const value of [0, 1])
      for (const name of ['ENABLE_PUSH', 'ENABLE_CONNECT_PROTOCOL', 'NO_RFC7540_PRIORITIES'] as const)
        assert.equal(read([[name, value]]).rule, undefined);
    assert.equal(read([['ENABLE_PUSH', 0]], true).rule, undefined);
  });

  it('may not take extended CONNECT back', () => {
    const { to } = read([['ENABLE_CONNECT_PROTOCOL', 1]], true);
    assert.equal(read([['ENABLE_CONNECT_PROTOCOL', 1]], true, to).rule, undefined);
    assert.equal(read([['ENABLE_CONNECT_PROTOCOL', 0]], true, to).rule, 'bad-setting');
  });

  it('knows the lowest table size of a frame, for entries are evicted for it', () => {
    const { to } = read([
      ['HEADER_TABLE_SIZE', 100],
      ['HEADER_TABLE_SIZE', 0],
      ['HEADER_TABLE_SIZE', 4096],
    ]);
    assert.equal(to.lowestTableBytes, 0);
    assert.equal(read([], false, to).to.lowestTableBytes, 4096);
    assert.equal(read([['HEADER_TABLE_SIZE', 5000]], false, to).to.lowestTableBytes, 4096);
  });
});
