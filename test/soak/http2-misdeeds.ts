import { Buffer } from 'node:buffer';
import { plainBlock } from '../support/http2-hpack.ts';
import {
  data,
  headers,
  PREFACE,
  priority,
  rstStream,
  settings,
  settingsAck,
  windowUpdate,
} from '../support/http2-wire.ts';
import { inConnections, inFloods, inHeaderBlocks } from './http2-rule-breaks.ts';
import type { Ending, Step, Target } from './http2-session.ts';
import { get, type Http2Misdeed, OPENING, post, times, tunnel, way } from './http2-way.ts';

const NO_WINDOW = Buffer.concat([PREFACE, settings([['INITIAL_WINDOW_SIZE', 0]]), settingsAck()]);
const HALF_OF_TEN = data(1, 'hello');

export const HTTP2_MISDEEDS: readonly Http2Misdeed[] = [
  ...inConnections(),
  ...inHeaderBlocks(),
  ...inRequests(),
  ...inBodies(),
  ...inWindows(),
  ...inFloods(),
  ...inTunnels(),
  ...atBackends(),
];

function inRequests(): Http2Misdeed[] {
  return [
    way('a request', 'reset', (to) => [OPENING, get(1, to)]),
    way('a request, ended', 'fin', (to) => [OPENING, get(1, to)]),
    way('twenty requests', 'reset', (to) => [OPENING, times(20, (i) => get(1 + 2 * i, to))]),
    way('twenty requests, some answered', 'reset', (to) => [
      OPENING,
      times(20, (i) => get(1 + 2 * i, to)),
      'DATA',
      'DATA',
    ]),
    way('a response under way', 'reset', (to) => [OPENING, get(1, to, '/large'), 'DATA']),
    way('a response that is reset', 'fin', (to) => [
      OPENING,
      get(1, to, '/large'),
      'DATA',
      rstStream(1, 'CANCEL'),
    ]),
    way('a dependency on itself', 'fin', (to) => [
      OPENING,
      get(1, to, '/slow'),
      priority(1, { dependency: 1 }),
      'RST_STREAM',
    ]),
    way('DATA behind the end', 'reset', (to) => [
      OPENING,
      get(1, to, '/slow'),
      data(1, 'late'),
      'RST_STREAM',
    ]),
    way('more streams than allowed', 'reset', (to) => [
      OPENING,
      times(150, (i) => get(1 + 2 * i, to, '/slow')),
      'RST_STREAM',
    ]),
  ];
}

function inBodies(): Http2Misdeed[] {
  return [
    way('half a body', 'reset', (to) => [OPENING, post(1, to), HALF_OF_TEN]),
    way('half a body, ended', 'fin', (to) => [OPENING, post(1, to), HALF_OF_TEN]),
    way('half a body, reset', 'fin', (to) => [OPENING, post(1, to), HALF_OF_TEN, rstStream(1, 'CANCEL')]),
    way('half a body, left alone', 'theirs', (to) => [OPENING, post(1, to), HALF_OF_TEN]),
    way('half a DATA frame', 'reset', (to) => [OPENING, post(1, to), HALF_OF_TEN.subarray(0, 12)]),
    way('more than declared', 'reset', (to) => [
      OPENING,
      post(1, to),
      data(1, 'more than ten'),
      'RST_STREAM',
    ]),
    way('less than declared', 'fin', (to) => [
      OPENING,
      post(1, to),
      data(1, 'less', { endStream: true }),
      'RST_STREAM',
    ]),
    way('trailers that are malformed', 'fin', (to) => [
      OPENING,
      post(1, to, []),
      headers(1, plainBlock([['X', '']]), { endStream: true }),
      'RST_STREAM',
    ]),
    way('100-continue, and no body', 'reset', (to) => [
      OPENING,
      post(1, to, [['expect', '100-continue']]),
      'HEADERS',
    ]),
  ];
}

function inWindows(): Http2Misdeed[] {
  return [
    way('a window that stays closed', 'reset', (to) => [NO_WINDOW, get(1, to, '/large'), 'HEADERS']),
    way('a window that stays closed for long', 'fin', (to) => [
      NO_WINDOW,
      get(1, to, '/large'),
      'RST_STREAM',
    ]),
    way('thirty streams and no window', 'reset', (to) => [
      NO_WINDOW,
      times(30, (i) => get(1 + 2 * i, to, '/large')),
      'HEADERS',
    ]),
    way('a window of a byte at a time', 'fin', (to) => [
      NO_WINDOW,
      get(1, to, '/large'),
      'HEADERS',
      windowUpdate(1, 1),
      'DATA',
      windowUpdate(1, 1),
      'DATA',
    ]),
    way('a connection window that overflows', 'theirs', () => [OPENING, windowUpdate(0, 0x7fffffff)]),
    way('a stream window that overflows', 'fin', (to) => [
      OPENING,
      get(1, to, '/slow'),
      windowUpdate(1, 0x7fffffff),
      'RST_STREAM',
    ]),
    way('settings that overflow a window', 'theirs', (to) => [
      OPENING,
      get(1, to, '/slow'),
      windowUpdate(1, 0x7fff0000),
      settings([['INITIAL_WINDOW_SIZE', 0x7fffffff]]),
    ]),
    way('an update of nothing', 'theirs', () => [OPENING, windowUpdate(0, 0)]),
  ];
}

function inTunnels(): Http2Misdeed[] {
  return [
    way('a tunnel under way', 'reset', (to) => [OPENING, 'SETTINGS', tunnel(to), data(1, 'ping'), 'DATA']),
    way('a tunnel, the connection ended', 'fin', (to) => [OPENING, 'SETTINGS', tunnel(to), 'DATA']),
    way('a tunnel that is reset', 'fin', (to) => [
      OPENING,
      'SETTINGS',
      tunnel(to),
      'DATA',
      rstStream(1, 'CANCEL'),
    ]),
    way('a tunnel that is not waited for', 'reset', (to) => [OPENING, 'SETTINGS', tunnel(to)]),
    way('a tunnel, half ended', 'theirs', (to) => [
      OPENING,
      'SETTINGS',
      tunnel(to),
      'DATA',
      data(1, '', { endStream: true }),
    ]),
  ];
}

function atBackends(): Http2Misdeed[] {
  return [
    atBackend('a backend that does not answer', 'reset', '/slow', []),
    atBackend('a backend that never answers', 'fin', '/slow', ['HEADERS']),
    atBackend('a response that is cut', 'fin', '/cut', ['HEADERS', 'RST_STREAM']),
    atBackend('a backend that is killed', 'fin', '/reset', ['HEADERS']),
    atBackend('a backend that is killed, not waited for', 'reset', '/reset', []),
    atBackend('a backend that goes away', 'reset', '/closing', ['HEADERS']),
    atBackend('a backend that refuses', 'fin', '/refused', ['HEADERS']),
  ];
}

/** Three streams at once, so that a connection that is lost is lost for several. */
function atBackend(name: string, ending: Ending, path: string, awaited: readonly Step[]): Http2Misdeed {
  const steps = (to: Target) => [OPENING, times(3, (i) => get(1 + 2 * i, to, path)), ...awaited];
  return { name, isContagious: true, ending, steps };
}
