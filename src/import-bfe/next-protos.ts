import type { Draft } from './draft.ts';
import type { Field } from './fields.ts';
import { shown } from './located.ts';
import type { Report } from './report.ts';

/** What a list of `NextProtos` comes to. */
export interface NextProtos {
  /** As `tls.protocols`. */
  readonly protocols: readonly (string | Draft)[];
  /** Where a stream begins with a PROXY header; undefined: no streams. */
  readonly stream: { readonly proxyProtocol: 'v1' | 'v2' | undefined } | undefined;
  /** The most streams of an HTTP/2 connection. */
  readonly maxStreams: number | undefined;
}

/** BFE's, for what a list does not say. */
export const DEFAULT_MAX_STREAMS = 200;

/** `h2;rate=10;isw=65535;mcs=200;level=0` and the like. */
export function readNextProtos(items: readonly Field<string>[], report: Report): NextProtos {
  const protocols: (string | Draft)[] = [];
  let stream: NextProtos['stream'];
  let maxStreams: number | undefined;
  for (const { value, place } of items) {
    const read = readItem(value);
    if (typeof read === 'string') {
      report.dropped(place, `NextProtos ${shown(value)}: ${read}`);
      continue;
    }
    const { name, level, rate, streams, window, proxy } = read;
    const extras: Draft = {
      ...(level === 0 ? {} : { level: LEVELS[level]! }),
      ...(rate === 100 ? {} : { rate }),
    };
    protocols.push(Object.keys(extras).length === 0 ? name : { name, ...extras });
    if (name === 'stream') stream = { proxyProtocol: proxy === 0 ? undefined : proxy === 1 ? 'v1' : 'v2' };
    if (name === 'h2') maxStreams = Math.max(maxStreams ?? 0, streams);
    if (window === undefined) report.kept(place, `NextProtos ${shown(value)}, as tls.protocols`);
    else
      report.changed(
        place,
        `NextProtos ${shown(value)}, as tls.protocols: isw is not taken; http2.streamWindow (256KiB) holds for all hosts`,
      );
  }
  if (protocols.length > 0 && level2(protocols) && protocols.length > 1) {
    report.dropped(items[0]!.place, 'NextProtos: a protocol of level 2 is the only one of its list');
    return { protocols: [], stream: undefined, maxStreams: undefined };
  }
  return { protocols, stream, maxStreams };
}

const LEVELS = ['optional', 'must-offer', 'mandatory'];
const NAMES = ['h2', 'http/1.1', 'stream'];

function level2(protocols: readonly (string | Draft)[]): boolean {
  return protocols.some((protocol) => typeof protocol !== 'string' && protocol['level'] === LEVELS[2]);
}

interface Item {
  readonly name: string;
  readonly level: number;
  readonly rate: number;
  readonly streams: number;
  readonly window: number | undefined;
  readonly proxy: number;
}

/** A sentence about what is wrong with it when it is none. */
function readItem(text: string): Item | string {
  const [name = '', ...parameters] = text.split(/[;&]/);
  if (name === 'spdy/3.1') return 'SPDY is not spoken: no client has it any more; h2 took its place';
  if (!NAMES.includes(name)) return 'no such protocol';
  const values = new Map<string, number>();
  for (const parameter of parameters) {
    const pair = /^(level|mcs|isw|rate|pp)=(\d{1,9})$/.exec(parameter);
    if (pair === null) return `${shown(parameter)} is none of level, mcs, isw, rate and pp with a number`;
    if (values.has(pair[1]!)) return `${pair[1]} is given twice`;
    values.set(pair[1]!, Number(pair[2]));
  }
  const [level, rate, proxy] = [values.get('level') ?? 0, values.get('rate') ?? 100, values.get('pp') ?? 0];
  if (level > 2) return 'level is 0, 1 or 2';
  if (rate > 100 || (rate !== 100 && (level > 0 || name === 'http/1.1')))
    return 'rate is 0 to 100, and 100 with a level above 0 and for http/1.1';
  if (proxy > 2 || (proxy > 0 && name !== 'stream')) return 'pp is 0, 1 or 2, and for streams';
  return {
    name,
    level,
    rate,
    streams: values.get('mcs') ?? DEFAULT_MAX_STREAMS,
    window: values.get('isw'),
    proxy,
  };
}
