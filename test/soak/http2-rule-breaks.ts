import { Buffer } from 'node:buffer';
import { hpackBomb } from '../support/http2-flood.ts';
import { indexed, plainBlock } from '../support/http2-hpack.ts';
import {
  continuation,
  data,
  frame,
  goaway,
  headers,
  PREFACE,
  ping,
  rstStream,
  settings,
} from '../support/http2-wire.ts';
import { get, type Http2Misdeed, OPENING, open, post, times, way } from './http2-way.ts';

export function inConnections(): Http2Misdeed[] {
  return [
    way('half a preface', 'reset', () => [PREFACE.subarray(0, 11)]),
    way('half a preface, ended', 'fin', () => [PREFACE.subarray(0, 20)]),
    way('a preface that goes wrong', 'theirs', () => [Buffer.from('PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n')]),
    way('HTTP/1.1 where HTTP/2 stands', 'theirs', () => [
      PREFACE,
      Buffer.from('GET / HTTP/1.1\r\nhost: shop.example\r\n\r\n'),
    ]),
    way('a preface alone', 'fin', () => [PREFACE]),
    way('no SETTINGS first', 'theirs', () => [PREFACE, ping('too soon')]),
    way('SETTINGS that are not acknowledged', 'reset', () => [PREFACE, settings(), 'SETTINGS']),
    way('nothing behind the SETTINGS', 'theirs', () => [OPENING]),
    way('half a frame header', 'reset', () => [OPENING, ping('whole ok').subarray(0, 5)]),
    way('a frame that is too large', 'theirs', () => [
      OPENING,
      frame(0, 0, 1, undefined, { length: 70_000 }),
    ]),
    way('a bad setting', 'theirs', () => [OPENING, settings([['ENABLE_PUSH', 2]])]),
    way('RST_STREAM of an idle stream', 'theirs', () => [OPENING, rstStream(5, 'CANCEL')]),
    way('GOAWAY with streams open', 'fin', (to) => [
      OPENING,
      get(1, to, '/large'),
      'HEADERS',
      goaway(0, 'NO_ERROR'),
    ]),
    way('requests behind GOAWAY', 'reset', (to) => [
      OPENING,
      goaway(0, 'NO_ERROR'),
      get(1, to),
      get(3, to),
      'DATA',
    ]),
  ];
}

export function inHeaderBlocks(): Http2Misdeed[] {
  return [
    way('half a HEADERS frame', 'reset', (to) => [OPENING, get(1, to).subarray(0, 30)]),
    way('a block without end, left alone', 'theirs', (to) => [OPENING, open(1, to)]),
    way('a block without end, dropped', 'reset', (to) => [
      OPENING,
      open(1, to),
      continuation(1, X_A, { endHeaders: false }),
    ]),
    way('a block that is interrupted', 'theirs', (to) => [OPENING, open(1, to), ping('in here!')]),
    way('a flood of CONTINUATION', 'theirs', (to) => [
      OPENING,
      open(1, to),
      times(40, () => continuation(1, plainBlock([['x-a', 'a'.repeat(4000)]]), { endHeaders: false })),
    ]),
    way('an index that is not there', 'theirs', () => [
      OPENING,
      headers(1, indexed(99), { endStream: true }),
    ]),
    way('an HPACK bomb', 'reset', () => [OPENING, hpackBomb(1, 4000, 10_000), 'HEADERS']),
    way('a malformed request', 'fin', (to) => [
      OPENING,
      get(1, to, '/', [['connection', 'close']]),
      'RST_STREAM',
    ]),
  ];
}

export function inFloods(): Http2Misdeed[] {
  return [
    way('rapid resets to the end', 'theirs', (to) => [
      OPENING,
      times(400, (i) => Buffer.concat([get(1 + 2 * i, to, '/slow'), rstStream(1 + 2 * i, 'CANCEL')])),
    ]),
    way('some rapid resets', 'reset', (to) => [
      OPENING,
      times(40, (i) => Buffer.concat([get(1 + 2 * i, to, '/slow'), rstStream(1 + 2 * i, 'CANCEL')])),
      'SETTINGS',
    ]),
    way('pings to the end', 'theirs', () => [OPENING, times(1500, () => ping('flooding'))]),
    way('settings, dropped within', 'reset', () => [OPENING, times(300, () => settings())]),
    way('empty frames to the end', 'theirs', (to) => [
      OPENING,
      post(1, to, []),
      times(800, () => data(1, '')),
    ]),
  ];
}

const X_A = plainBlock([['x-a', 'b']]);
