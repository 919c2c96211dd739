import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { STREAM_INPUT, STREAM_STATE, streamTransition } from '../../../protocols/http2/stream-state.ts';

type State = keyof typeof STREAM_STATE;
type Input = keyof typeof STREAM_INPUT;

/** RFC 9113, section 5.1; `throws`: nothing that a peer does can lead there. */
const TABLE: Readonly<Record<State, Readonly<Record<Input, string>>>> = {
  OPEN: { HEADERS: 'OPEN', DATA: 'OPEN', END: 'HALF_CLOSED_REMOTE', SEND_END: 'HALF_CLOSED_LOCAL' },
  HALF_CLOSED_REMOTE: {
    HEADERS: 'half-closed-stream',
    DATA: 'half-closed-stream',
    END: 'throws',
    SEND_END: 'CLOSED',
  },
  HALF_CLOSED_LOCAL: {
    HEADERS: 'HALF_CLOSED_LOCAL',
    DATA: 'HALF_CLOSED_LOCAL',
    END: 'CLOSED',
    SEND_END: 'throws',
  },
  CLOSED: { HEADERS: 'closed-stream', DATA: 'closed-stream', END: 'throws', SEND_END: 'throws' },
};

describe('a stream', () => {
  for (const [state, row] of Object.entries(TABLE) as [State, Record<Input, string>][])
    for (const [input, next] of Object.entries(row) as [Input, string][])
      it(`that is ${state} is ${next} on ${input}`, () => {
        const transition = () => streamTransition(STREAM_STATE[state], STREAM_INPUT[input]);
        if (next === 'throws') assert.throws(transition, /out of order/);
        else assert.equal(transition(), next in STREAM_STATE ? STREAM_STATE[next as State] : next);
      });
});
