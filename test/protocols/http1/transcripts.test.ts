/**
 * Runs test/transcripts/http1: each wire block is given to an engine whole, cut once at every place, and octet by octet,
 * and must give the events block each time.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HTTP1_RULES, type Http1Rule, http1Fault } from '../../../protocols/http1/errors.ts';
import { allCuts } from '../../support/cuts.ts';
import { playHttp1Case, readHttp1Transcripts } from '../../support/http1-transcripts.ts';

const cases = readHttp1Transcripts();

describe('the HTTP/1 transcripts', () => {
  it('are many', () => {
    assert.ok(cases.length >= 250, `${cases.length}`);
  });

  it('show every rule being broken', () => {
    const shown = new Set(cases.flatMap(({ events }) => events.map((event) => event.split(' ')[1])));
    assert.deepEqual(
      HTTP1_RULES.filter((rule) => !shown.has(rule)),
      [],
    );
  });

  it('show the status that answers each rule', () => {
    for (const { isResponse, events } of cases) {
      const [kind, rule, status] = events.at(-1)?.split(' ') ?? [];
      if (isResponse || kind !== 'fault') continue;
      assert.equal(Number(status), http1Fault(rule as Http1Rule).status);
    }
  });

  it('name no case twice within a topic', () => {
    const names = cases.map(({ topic, title }) => `${topic}: ${title}`);
    assert.deepEqual(
      names.filter((name, at) => names.indexOf(name) !== at),
      [],
    );
  });
});

for (const [topic, group] of Map.groupBy(cases, (one) => one.topic)) {
  describe(topic, () => {
    for (const one of group) {
      it(one.title, () => {
        for (const pieces of allCuts(one.bytes)) {
          const where = `in pieces of ${pieces.slice(0, 2).map((piece) => piece.length)} bytes`;
          assert.deepEqual(playHttp1Case(one, pieces), one.events, where);
        }
      });
    }
  });
}
