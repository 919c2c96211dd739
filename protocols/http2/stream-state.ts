import type { Http2Rule } from './errors.ts';

/**
 * The life of a stream (RFC 9113, section 5.1). There is no push, so nothing is ever reserved; idle and closed streams
 * have no object.
 *
 *            send or receive HEADERS
 *     idle ──────────────────────────► open
 *                          ┌───────────┤ └───────────┐
 *              receive END │                         │ send END
 *                          ▼                         ▼
 *            half-closed (remote)              half-closed (local)
 *                 send END │                         │ receive END
 *                          └──────────► closed ◄─────┘         RST_STREAM, either way, from any state: closed
 */
export const STREAM_STATE = { OPEN: 0, HALF_CLOSED_REMOTE: 1, HALF_CLOSED_LOCAL: 2, CLOSED: 3 } as const;
export type StreamState = (typeof STREAM_STATE)[keyof typeof STREAM_STATE];

/** What may happen to a stream that can be against its state. WINDOW_UPDATE, PRIORITY and RST_STREAM never are. */
export const STREAM_INPUT = { HEADERS: 0, DATA: 1, END: 2, SEND_END: 3 } as const;
export type StreamInput = (typeof STREAM_INPUT)[keyof typeof STREAM_INPUT];

/** The state that follows, or the rule that is broken; what is absent our own code must not do. */
const TABLE: Readonly<Record<StreamState, Readonly<Partial<Record<StreamInput, StreamState | Http2Rule>>>>> =
  {
    [STREAM_STATE.OPEN]: {
      [STREAM_INPUT.HEADERS]: STREAM_STATE.OPEN,
      [STREAM_INPUT.DATA]: STREAM_STATE.OPEN,
      [STREAM_INPUT.END]: STREAM_STATE.HALF_CLOSED_REMOTE,
      [STREAM_INPUT.SEND_END]: STREAM_STATE.HALF_CLOSED_LOCAL,
    },
    [STREAM_STATE.HALF_CLOSED_REMOTE]: {
      [STREAM_INPUT.HEADERS]: 'half-closed-stream',
      [STREAM_INPUT.DATA]: 'half-closed-stream',
      [STREAM_INPUT.SEND_END]: STREAM_STATE.CLOSED,
    },
    [STREAM_STATE.HALF_CLOSED_LOCAL]: {
      [STREAM_INPUT.HEADERS]: STREAM_STATE.HALF_CLOSED_LOCAL,
      [STREAM_INPUT.DATA]: STREAM_STATE.HALF_CLOSED_LOCAL,
      [STREAM_INPUT.END]: STREAM_STATE.CLOSED,
    },
    [STREAM_STATE.CLOSED]: {
      [STREAM_INPUT.HEADERS]: 'closed-stream',
      [STREAM_INPUT.DATA]: 'closed-stream',
    },
  };

/** What follows on an input. Throws when our own code sends what it may not. */
export function streamTransition(state: StreamState, input: StreamInput): StreamState | Http2Rule {
  const next = TABLE[state][input];
  if (next === undefined) throw new Error(`HTTP/2 stream out of order (state ${state}, input ${input})`);
  return next;
}
