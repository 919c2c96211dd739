import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../children.ts';
import type { ClosedLoad, LoadResult } from './load.ts';

/** Start-up, calibration and slow last answers. */
const OVERTIME_MS = 20_000;

/** Runs wrk for `seconds` against a port and reads its totals. */
export async function runWrk(
  load: ClosedLoad,
  port: number,
  seconds: number,
  core: number | undefined,
  directory: string,
): Promise<LoadResult> {
  const script = join(directory, 'load.lua');
  writeFileSync(script, wrkScript(load));
  const url = `${load.tls ? 'https' : 'http'}://localhost:${port}${load.path}`;
  const args = ['-t1', `-c${load.connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', script, url];
  const output = await run({ file: 'wrk', args }, core, seconds * 1000 + OVERTIME_MS);
  return readWrkTotals(output, load.body.length);
}

/**
 * The totals that the script below prints as one JSON line, because wrk's own report rounds them. It counts what it received, unfinished
 * answers too; of what it sent only finished requests, with `bodyBytes` in each.
 */
export function readWrkTotals(output: string, bodyBytes: number): LoadResult {
  const json = /^TOTALS (\{.*\})$/m.exec(output)?.[1];
  if (json === undefined) return { completed: 0, seconds: 0, fault: `no totals in: ${output.slice(-200)}` };
  const { requests = 0, duration = 0, bytes = 0, ...errors } = JSON.parse(json) as Record<string, number>;
  const faults = Object.entries(errors).filter(([, count]) => count > 0);
  return {
    completed: requests,
    seconds: duration / 1e6,
    bytes: bytes + requests * bodyBytes,
    fault:
      faults.length === 0 ? undefined : faults.map(([kind, count]) => `${count} ${kind} errors`).join(', '),
  };
}

function wrkScript({ method, headers, hosts, body, newConnections, path }: ClosedLoad): string {
  const all = { ...headers, Host: hosts[0], ...(newConnections ? { Connection: 'close' } : {}) };
  return `wrk.method = "${method}"
${Object.entries(all)
  .map(([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}`)
  .join('\n')}
${body === '' ? '' : `wrk.body = ${JSON.stringify(body)}`}
${hosts.length > 1 ? rotation(hosts, path) : ''}
function done(summary)
  local e = summary.errors
  print(string.format('TOTALS {"requests":%d,"duration":%d,"bytes":%d,"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}',
    summary.requests, summary.duration, summary.bytes, e.connect, e.read, e.write, e.status, e.timeout))
end
`;
}

/** A request function costs wrk time, so it is only there where it is needed; the requests are made beforehand. */
function rotation(hosts: readonly string[], path: string): string {
  return `local prepared, turn = {}, 0
function init(args)
  for host in string.gmatch("${hosts.join(' ')}", "%S+") do
    wrk.headers["Host"] = host
    prepared[#prepared + 1] = wrk.format(wrk.method, "${path}")
  end
end
function request()
  turn = turn % #prepared + 1
  return prepared[turn]
end`;
}
