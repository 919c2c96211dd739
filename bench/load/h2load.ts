/** What all runs of h2load have in common: its arguments, and how its report is read. */
import type { HttpVersion, LoadResult, RequestLoad } from './load.ts';

/** Where to, and with which fields. Cookies go one by one, as browsers send them (RFC 9113, section 8.2.3). */
export function requestArguments(load: RequestLoad, port: number): string[] {
  const fields = Object.entries(load.headers).flatMap(([name, value]) =>
    load.version === 'h2' && name.toLowerCase() === 'cookie'
      ? value.split('; ').map((crumb) => [name, crumb])
      : [[name, value]],
  );
  return [
    ...(load.version === 'h2' ? [] : ['--h1']),
    ...fields.map(([name, value]) => `--header=${name}: ${value}`),
    `--connect-to=127.0.0.1:${port}`,
    `${load.tls ? 'https' : 'http'}://${load.hosts[0]}:${port}${load.path}`,
  ];
}

/** Reads `finished in 1.99s, …` and `requests: N total, …, N succeeded, N failed, N errored, N timeout`. */
export function readH2loadTotals(output: string): LoadResult {
  const finished = /^finished in ([\d.]+)(us|ms|s|m)/m.exec(output);
  const counts =
    /^requests: (\d+) total, .* (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/m.exec(output);
  if (finished === null || counts === null) {
    return { completed: 0, seconds: 0, fault: `no totals in: ${output.slice(-200)}` };
  }
  const [, total, succeeded, failed, errored, timedOut] = counts.map(Number);
  const unit = { us: 1e-6, ms: 1e-3, s: 1, m: 60 }[finished[2] ?? 's'] ?? 1;
  return {
    completed: succeeded ?? 0,
    seconds: Number(finished[1]) * unit,
    fault:
      succeeded === total
        ? undefined
        : `${succeeded} of ${total} succeeded (${failed} failed, ${errored} errored, ${timedOut} timeouts)`,
  };
}

/** What the counts do not show: an answer other than 2xx, or another protocol than was wanted. */
export function wrongAnswers(output: string, version: HttpVersion): string | undefined {
  const spoken = /^Application protocol: (\S+)/m.exec(output)?.[1];
  // Without TLS h2load calls it h2c.
  const known = spoken === 'h2c' ? 'h2' : spoken;
  if (known !== version) return `speaks ${spoken ?? 'nothing'} instead of ${version}`;
  const statuses = /^status codes: \d+ 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx/m.exec(output);
  if (statuses === null) return `no status codes in: ${output.slice(-200)}`;
  const [, redirects, refusals, failures] = statuses.map(Number);
  if (redirects === 0 && refusals === 0 && failures === 0) return undefined;
  return `${redirects} answers with 3xx, ${refusals} with 4xx, ${failures} with 5xx`;
}
