import type { FrameOutput } from '../frame-output.ts';
import { FLAG, FRAME_HEADER_BYTES, FRAME_TYPE, writeFrameHeader, writeUint32 } from './frame-header.ts';

/** SETTINGS: any number of identifier (16), value (32) (RFC 9113, section 6.5). */
export const SETTING_BYTES = 6;

/** Identifiers (RFC 9113, section 6.5.2; RFC 8441, section 3; RFC 9218, section 2.1). */
export const SETTING = {
  HEADER_TABLE_SIZE: 0x1,
  ENABLE_PUSH: 0x2,
  MAX_CONCURRENT_STREAMS: 0x3,
  INITIAL_WINDOW_SIZE: 0x4,
  MAX_FRAME_SIZE: 0x5,
  MAX_HEADER_LIST_SIZE: 0x6,
  ENABLE_CONNECT_PROTOCOL: 0x8,
  NO_RFC7540_PRIORITIES: 0x9,
} as const;

export type SettingList = readonly (readonly [identifier: number, value: number])[];

export function writeSettings(output: FrameOutput, settings: SettingList): void {
  const length = settings.length * SETTING_BYTES;
  let at = output.reserve(FRAME_HEADER_BYTES + length);
  const { buffer } = output;
  writeFrameHeader(buffer, at, length, FRAME_TYPE.SETTINGS, 0, 0);
  at += FRAME_HEADER_BYTES;
  for (const [identifier, value] of settings) {
    buffer[at] = identifier >>> 8;
    buffer[at + 1] = identifier;
    writeUint32(buffer, at + 2, value);
    at += SETTING_BYTES;
  }
}

export function writeSettingsAck(output: FrameOutput): void {
  const at = output.reserve(FRAME_HEADER_BYTES);
  writeFrameHeader(output.buffer, at, 0, FRAME_TYPE.SETTINGS, FLAG.ACK, 0);
}
