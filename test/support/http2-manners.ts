import type { Buffer } from 'node:buffer';
import { FLAGS, FRAME_TYPES, SETTINGS } from './http2-names.ts';
import type { Http2SendWindows } from './http2-send-windows.ts';
import { ping, settingsAck, type WireFrame, windowUpdate } from './http2-wire.ts';

/** One end of a connection, as far as it answers by itself. */
export interface MannerlyEnd {
  readonly windows: Http2SendWindows;
  /** Acknowledges SETTINGS and PING. */
  readonly acknowledges: boolean;
  /** Gives windows back as soon as DATA has used them. */
  readonly refills: boolean;
  send(...pieces: readonly Buffer[]): unknown;
}

/** What any end does with a frame, whatever it is for: keeps its books on windows, acknowledges, and gives windows back. */
export function mindManners(end: MannerlyEnd, { type, flags, streamId, payload }: WireFrame): void {
  if (type === FRAME_TYPES.WINDOW_UPDATE) end.windows.give(streamId, payload.readUInt32BE(0));
  else if (type === FRAME_TYPES.SETTINGS && !(flags & FLAGS.ACK)) {
    takeSettings(end, payload);
    if (end.acknowledges) end.send(settingsAck());
  } else if (type === FRAME_TYPES.PING && !(flags & FLAGS.ACK)) {
    if (end.acknowledges) end.send(ping(payload, { ack: true }));
  } else if (type === FRAME_TYPES.DATA && payload.length > 0 && end.refills) {
    end.send(windowUpdate(0, payload.length));
    if (!(flags & FLAGS.END_STREAM)) end.send(windowUpdate(streamId, payload.length));
  }
}

function takeSettings({ windows }: MannerlyEnd, payload: Buffer): void {
  for (let at = 0; at + 6 <= payload.length; at += 6) {
    if (payload.readUInt16BE(at) === SETTINGS.INITIAL_WINDOW_SIZE)
      windows.initial(payload.readUInt32BE(at + 2));
  }
}
