import type {
  AdminStatus,
  CertificateStatus,
  FleetClusterStatus,
  FleetInstanceStatus,
  TenantStatus,
  TrafficCounts,
  TrafficTotals,
} from './admin-status.ts';
import { htmlPage, htmlText, pagePolicy } from './html-page.ts';

/** The page for people: one document without scripts or outside resources, which asks for itself every few seconds. */
export function renderAdminPage(
  status: AdminStatus,
  totals: TrafficTotals,
  before: TrafficTotals | undefined,
): string {
  const rates = new Rates(totals, before);
  return htmlPage(
    status.state,
    `<h1>Portico <small>${htmlText(status.version)}</small> <span class="${stateClass(status.state)}">${htmlText(status.state)}</span></h1>
<p>${facts(status)}</p>
${reloadNotice(status)}
${refusedNotice(status)}
${orderNotice(status)}
${table('Listeners', ['address', 'port', 'protocol'], listenerRows(status))}
${table('Tenants', ['tenant', 'hosts', '#routes', '#requests/s', '#failed/s'], tenantRows(status.tenants, rates))}
${table('Clusters', ['cluster', 'instance', 'health', '#weight', '#in flight', '#connections', '#requests/s', '#failed/s'], clusterRows(status.clusters, rates))}
${table('Certificates', ['hosts', 'file', '#days left'], status.certificates.map(certificateRow))}
${table('Workers', ['slot', 'pid', 'state', 'since', '#restarts'], workerRows(status))}
<p class="dim">Also here: <a href="/metrics">/metrics</a> <a href="/status">/status</a> <a href="/healthz">/healthz</a>
<a href="/readyz">/readyz</a>, and with POST /reload and /drain. <a href="/explain">Where would a request go?</a></p>`,
    REFRESH_SECONDS,
  );
}

const REFRESH_SECONDS = 3;

export const ADMIN_PAGE_POLICY: string = pagePolicy("'none'");

/** A table cell: text, whether it is bad, and so on. Text is escaped when the row is written. */
interface Cell {
  readonly text: string;
  readonly style?: 'good' | 'bad' | 'warn' | 'dim' | undefined;
}

/** Headings that begin with # are of numbers. */
function table(title: string, headings: readonly string[], rows: readonly (readonly Cell[])[]): string {
  if (rows.length === 0) return '';
  const numeric = headings.map((heading) => heading.startsWith('#'));
  const head = headings.map(
    (heading, i) => `<th${numeric[i] ? ' class="number"' : ''}>${heading.replace('#', '')}</th>`,
  );
  const shown = rows
    .slice(0, MAX_ROWS)
    .map(
      (cells) =>
        `<tr>${cells.map((cell, i) => `<td class="${numeric[i] ? 'number ' : ''}${cell.style ?? ''}">${htmlText(cell.text)}</td>`).join('')}</tr>`,
    );
  const rest =
    rows.length > MAX_ROWS ? `<p class="dim">and ${rows.length - MAX_ROWS} more: see /status</p>` : '';
  return `<h2>${title}</h2><div class="wide"><table><tr>${head.join('')}</tr>\n${shown.join('\n')}</table></div>${rest}`;
}

/** A page of ten thousand tenants helps nobody and takes a browser seconds. */
const MAX_ROWS = 200;

function facts(status: AdminStatus): string {
  return [
    `pid ${status.pid}`,
    `up ${duration(status.uptimeSeconds)}`,
    `configuration <b>${htmlText(status.configuration)}</b>, generation ${status.generation}`,
    `${status.sessions} connections`,
    `${status.exchanges} requests in flight`,
    `${status.streams} streams`,
  ].join(' · ');
}

function refusedNotice({ refusedFiles }: AdminStatus): string {
  if (refusedFiles.length === 0) return '';
  const reports = refusedFiles.map(({ report }) => `<pre>${htmlText(report)}</pre>`).join('');
  return `<p class="bad">Files have changed and are not good; what they held before is still in use:</p>${reports}`;
}

/** Certificates that ACME cannot obtain. */
function orderNotice({ acme }: AdminStatus): string {
  const failed = acme.filter(({ failures }) => failures > 0);
  if (failed.length === 0) return '';
  const reports = failed.map(
    ({ hosts, reason, nextAttempt }) =>
      `<pre>${htmlText(`${shortList(hosts)}: ${reason}\ntried again at ${nextAttempt}`)}</pre>`,
  );
  return `<p class="bad">Certificates that could not be obtained; what was served before still is:</p>${reports.join('')}`;
}

function reloadNotice({ lastReload }: AdminStatus): string {
  if (lastReload === undefined) return '';
  const at = htmlText(lastReload.at);
  if (lastReload.ok) return `<p class="good">Last reload ${at}: taken.</p>`;
  return `<p class="bad">Last reload ${at}: refused, nothing has changed.</p><pre>${htmlText(lastReload.report)}</pre>`;
}

function listenerRows(status: AdminStatus): Cell[][] {
  return status.listeners.map(({ text, port, tls, stream }) => [
    { text },
    { text: String(port) },
    { text: tls ? 'TLS' : stream === undefined ? 'plain' : `plain, stream to ${stream}` },
  ]);
}

function tenantRows(tenants: readonly TenantStatus[], rates: Rates): Cell[][] {
  return tenants.map(({ name, hosts, routes }) => [
    { text: name },
    { text: shortList(hosts) },
    { text: String(routes) },
    ...rates.cells((totals) => totals.tenants.get(name)),
  ]);
}

function clusterRows(clusters: readonly FleetClusterStatus[], rates: Rates): Cell[][] {
  return clusters.flatMap(({ name, instances }) =>
    instances.map((instance, i) => [
      { text: i === 0 ? name : '' },
      { text: instance.address },
      { text: instance.state, style: stateClass(instance.state) },
      { text: weightText(instance) },
      { text: String(instance.inFlight) },
      { text: String(instance.openConnections) },
      // Requests are counted by cluster: shown once.
      ...(i === 0 ? rates.cells((totals) => totals.clusters.get(name)) : [{ text: '' }, { text: '' }]),
    ]),
  );
}

function weightText({ weight, effectiveWeight }: FleetInstanceStatus): string {
  return effectiveWeight < weight ? `${effectiveWeight} of ${weight}` : String(weight);
}

function certificateRow({ hosts, file, daysLeft }: CertificateStatus): Cell[] {
  const style = daysLeft < 7 ? 'bad' : daysLeft < 21 ? 'warn' : undefined;
  return [{ text: shortList(hosts) }, { text: file, style: 'dim' }, { text: String(daysLeft), style }];
}

function workerRows(status: AdminStatus): Cell[][] {
  return status.workers.map(({ slot, pid, state, startedAt, restarts }) => [
    { text: String(slot) },
    { text: String(pid) },
    { text: state, style: stateClass(state) },
    { text: startedAt },
    { text: String(restarts), style: restarts > 0 ? 'warn' : undefined },
  ]);
}

/** Changes per second between two readings; dashes where there is only one. */
class Rates {
  readonly #now: TrafficTotals;
  readonly #before: TrafficTotals | undefined;

  constructor(now: TrafficTotals, before: TrafficTotals | undefined) {
    this.#now = now;
    this.#before = before;
  }

  cells(pick: (totals: TrafficTotals) => TrafficCounts | undefined): Cell[] {
    const requests = this.#rate(pick, 'requests');
    const failures = this.#rate(pick, 'failures');
    return [{ text: requests }, { text: failures, style: Number(failures) > 0 ? 'bad' : undefined }];
  }

  #rate(pick: (totals: TrafficTotals) => TrafficCounts | undefined, key: keyof TrafficCounts): string {
    if (this.#before === undefined || this.#now.at <= this.#before.at) return '–';
    const change = (pick(this.#now)?.[key] ?? 0) - (pick(this.#before)?.[key] ?? 0);
    const rate = (change * 1000) / (this.#now.at - this.#before.at);
    return rate >= 10 || rate === 0 ? rate.toFixed(0) : rate.toFixed(1);
  }
}

function stateClass(state: string): 'good' | 'bad' | 'warn' {
  if (state === 'running' || state === 'healthy' || state === 'ready') return 'good';
  return state === 'ejected' || state === 'gone' ? 'bad' : 'warn';
}

function shortList(names: readonly string[]): string {
  return names.length <= 4
    ? names.join(', ')
    : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}

function duration(seconds: number): string {
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} days`;
}
