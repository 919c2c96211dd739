import { styleText } from 'node:util';

/**
 * A JSON log line in a form for people, or the line as it is when it is not one of ours:
 *
 *   12:04:31.120 info  listening on :8080 (HTTP, plain)
 *   12:04:35.872 GET shop.example.org/cart 200 512 B 3.1 ms 127.0.0.1:9001
 *   12:04:36.004 refused 192.0.2.7:51234 :8080 400 malformed-request: bare-lf: a line ends in LF without CR
 */
export function prettyLine(line: string): string {
  const record = parseRecord(line);
  if (record === undefined) return line;
  if (record.has('type')) return `${clock(record)} ${accessText(record)}\n`;
  if (record.has('level')) return `${clock(record)} ${eventText(record)}\n`;
  return line;
}

/** A Map: the line holds names that clients chose. */
function parseRecord(line: string): Map<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return new Map(Object.entries(JSON.parse(line, harmless) as object));
  } catch {
    return undefined;
  }
}

/**
 * A client must not steer the terminal of whoever reads its requests: escape sequences lose their first character. Line
 * feeds stay: reports and stacks have them.
 */
function harmless(_key: string, value: unknown): unknown {
  return typeof value === 'string'
    ? value.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, '\ufffd')
    : value;
}

function clock(record: Map<string, unknown>): string {
  return styleText('dim', String(record.get('time')).slice(11, 23));
}

function eventText(record: Map<string, unknown>): string {
  const level = String(record.get('level'));
  const colour = level === 'error' ? 'red' : level === 'warn' ? 'yellow' : 'green';
  const rest = Array.from(record)
    .filter(([name]) => !EVENT_FRAME.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const fields = rest.length === 0 ? '' : ` ${styleText('dim', indentFurtherLines(rest.join(' ')))}`;
  return `${styleText(colour, level.padEnd(5))} ${indentFurtherLines(String(record.get('msg') ?? ''))}${fields}`;
}

/** What begins at the left margin is a line of the log, and nothing else. */
function indentFurtherLines(text: string): string {
  return text.trimEnd().replaceAll('\n', '\n    ');
}

const EVENT_FRAME: ReadonlySet<string> = new Set(['level', 'time', 'pid', 'msg', 'slot']);

function accessText(record: Map<string, unknown>): string {
  switch (record.get('type')) {
    case 'stream':
      return streamText(record);
    case 'refused':
      return refusedText(record);
    default:
      return requestText(record);
  }
}

function requestText(record: Map<string, unknown>): string {
  const timings = record.get('timings') as { total?: unknown } | undefined;
  return oneLine([
    record.get('method'),
    `${record.get('host') ?? ''}${record.get('path') ?? ''}`,
    statusText(record),
    `${record.get('bytesOut')} B`,
    timings === undefined ? undefined : `${timings.total} ms`,
    record.get('instance'),
    errorText(record),
  ]);
}

/** Nothing is known of a request: there was none. */
function refusedText(record: Map<string, unknown>): string {
  return oneLine([
    'refused',
    record.get('client'),
    record.get('sni') || record.get('listener'),
    statusText(record),
    errorText(record),
  ]);
}

function streamText(record: Map<string, unknown>): string {
  const hasFailed = record.get('error') !== undefined;
  return oneLine([
    'stream',
    record.get('sni') || record.get('listener'),
    styleText(hasFailed ? 'red' : 'cyan', String(record.get('ending'))),
    `${record.get('bytesIn')}/${record.get('bytesOut')} B`,
    `${(record.get('timings') as { total?: unknown } | undefined)?.total} ms`,
    record.get('instance'),
    hasFailed ? record.get('detail') : undefined,
  ]);
}

function statusText(record: Map<string, unknown>): string {
  const status = Number(record.get('status'));
  return styleText(colourOf(status), status === 0 ? '---' : String(status));
}

function errorText(record: Map<string, unknown>): string | undefined {
  const error = record.get('error');
  if (error === undefined) return undefined;
  return styleText(colourOf(Number(record.get('status'))), `${error}: ${record.get('detail')}`);
}

function colourOf(status: number): 'red' | 'yellow' | 'cyan' {
  return status === 0 || status >= 500 ? 'red' : status >= 400 ? 'yellow' : 'cyan';
}

function oneLine(parts: readonly unknown[]): string {
  const text = parts.filter((part) => part !== undefined && part !== '').join(' ');
  return text.replaceAll('\n', '\ufffd');
}
