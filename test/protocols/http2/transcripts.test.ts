/**
 * Runs test/transcripts/http2: each script is given to a server engine whole, cut once at every place, and octet by octet, and
 * must come to what the transcript says each time.
 */
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { describe, it } from 'node:test';
import { HTTP2_RULES, type Http2Rule } from '../../../protocols/http2/errors.ts';
import { allCuts } from '../../support/cuts.ts';
import { EngineSubject } from '../../support/http2-engine-subject.ts';
import { printReceived } from '../../support/http2-frame-log.ts';
import { playHttp2Case } from '../../support/http2-subject.ts';
import { type Http2Case, readHttp2Transcripts } from '../../support/http2-transcripts.ts';
import { type Observation, summaryOf } from '../../support/http2-verdict.ts';

const cases = readHttp2Transcripts();

/** Rules for servers, rules that the engine tells the client only, and what it takes many frames, a backend that does not read, or a flood. */
const NOT_SHOWN: readonly Http2Rule[] = [
  'connection-window-exceeded',
  'too-many-priorities',
  'too-many-glitches',
  'reset-stream',
  'window-exceeded',
  'too-many-streams',
  'going-away',
  'bad-status',
  'response-head-too-large',
  'missing-response',
  'unexpected-head',
  'too-many-interim-responses',
  'data-before-head',
];

describe('the HTTP/2 transcripts', () => {
  it('are many', () => {
    assert.ok(cases.length >= 500, `${cases.length}`);
  });

  it('show every rule being broken that a client can break at once', async () => {
    const shown = new Set<Http2Rule>();
    for (const one of cases) for (const rule of (await play(one)).subject.rules) shown.add(rule);
    assert.deepEqual(
      HTTP2_RULES.filter((rule) => !shown.has(rule)),
      NOT_SHOWN,
    );
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
      it(one.title, async () => {
        const whole = await play(one);
        assert.deepEqual(whole.deviations, [], describeRun(one, whole.subject));
        for (const steps of cutsOf(one)) {
          const cut = await play({ ...one, steps });
          const where = `in pieces of ${steps.slice(0, 2).map(({ bytes }) => bytes.length)} bytes`;
          assert.deepEqual(cut.deviations, [], `${where}\n${describeRun(one, cut.subject)}`);
          assert.equal(outcomeOf(cut.observation), outcomeOf(whole.observation), where);
        }
      });
    }
  });
}

/** A client is asked to stop sending at the end of a turn, if it has not stopped by then. */
function outcomeOf(observation: Observation): string {
  return summaryOf(observation).replaceAll(' RST_STREAM NO_ERROR', '');
}

async function play(one: Http2Case) {
  const subject = new EngineSubject(one.directives.get('origin'));
  return { subject, ...(await playHttp2Case(one, subject)) };
}

/** The octets of a script in every way they may arrive; an engine answers at once, so nothing has to be waited for. */
function* cutsOf({ steps }: Http2Case) {
  const bytes = Buffer.concat(steps.map((step) => (step.kind === 'send' ? step.bytes : Buffer.alloc(0))));
  for (const pieces of allCuts(bytes)) yield pieces.map((bytes) => ({ kind: 'send' as const, bytes }));
}

function describeRun({ script, expected }: Http2Case, { frames }: EngineSubject): string {
  return `${script}must come to\n${expected}and came to\n${frames.map(printReceived).join('\n')}`;
}
