import type { Buffer } from 'node:buffer';
import type { Http2Rule } from './errors.ts';
import { DEFAULT_WINDOW, MAX_WINDOW } from './flow-window.ts';
import { readUint32 } from './frame/frame-header.ts';
import { SETTING, SETTING_BYTES } from './frame/settings.ts';
import { MAX_FRAME_BYTES } from './limits.ts';

/** What the peer has told by SETTINGS; what it has not told is as RFC 9113, section 6.5.2, begins. */
export class PeerSettings {
  headerTableBytes = 4096;
  /** The lowest that it was within the last frame: what an encoder must evict for and announce (RFC 7541, section 4.2). */
  lowestTableBytes = 4096;
  /** Until the peer says otherwise there is no limit (section 6.5.2); a client waits for its first SETTINGS anyway. */
  maxConcurrentStreams = Number.POSITIVE_INFINITY;
  initialWindow: number = DEFAULT_WINDOW;
  /** RFC 8441. */
  connectProtocol = false;
  readonly #peerIsServer: boolean;

  constructor(peerIsServer: boolean) {
    this.#peerIsServer = peerIsServer;
  }

  /** Takes the payload of a SETTINGS frame, in its order. Gives the rule that it breaks. */
  read(bytes: Buffer, start: number, end: number): Http2Rule | undefined {
    this.lowestTableBytes = this.headerTableBytes;
    for (let at = start; at < end; at += SETTING_BYTES) {
      const rule = this.#set((bytes[at]! << 8) | bytes[at + 1]!, readUint32(bytes, at + 2));
      if (rule !== undefined) return rule;
    }
    return undefined;
  }

  #set(identifier: number, value: number): Http2Rule | undefined {
    switch (identifier) {
      case SETTING.HEADER_TABLE_SIZE:
        this.headerTableBytes = value;
        this.lowestTableBytes = Math.min(this.lowestTableBytes, value);
        return undefined;
      case SETTING.ENABLE_PUSH:
        // A server has nothing to enable (section 6.5.2).
        return value > (this.#peerIsServer ? 0 : 1) ? 'bad-setting' : undefined;
      case SETTING.MAX_CONCURRENT_STREAMS:
        this.maxConcurrentStreams = value;
        return undefined;
      case SETTING.INITIAL_WINDOW_SIZE:
        if (value > MAX_WINDOW) return 'initial-window-too-large';
        this.initialWindow = value;
        return undefined;
      case SETTING.MAX_FRAME_SIZE:
        // Not kept: ours are never larger than what everyone takes.
        return value < MAX_FRAME_BYTES || value > 16_777_215 ? 'bad-setting' : undefined;
      case SETTING.ENABLE_CONNECT_PROTOCOL:
        // Once given it may not be taken back (RFC 8441, section 3).
        if (value > 1 || (this.connectProtocol && value === 0)) return 'bad-setting';
        this.connectProtocol = value === 1;
        return undefined;
      case SETTING.NO_RFC7540_PRIORITIES:
        return value > 1 ? 'bad-setting' : undefined;
      default:
        // Unknown ones must be ignored, and SETTINGS_MAX_HEADER_LIST_SIZE is advice.
        return undefined;
    }
  }
}
