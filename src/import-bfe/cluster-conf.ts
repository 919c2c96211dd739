import { type ClusterParts, readBackendConf } from './backend-conf.ts';
import { readBackendTls } from './backend-tls.ts';
import { readBalanceConf } from './balance-conf.ts';
import { readCheckConf } from './check-conf.ts';
import { readClusterBasic } from './cluster-basic.ts';
import { type Draft, durationText } from './draft.ts';
import { type Field, Fields, type Named } from './fields.ts';
import type { FilePaths } from './file-paths.ts';
import { shown } from './located.ts';
import { Names } from './names.ts';
import type { Pools } from './pools.ts';
import type { Report } from './report.ts';

/** Clusters by BFE's names. */
interface Clusters {
  readonly names: ReadonlyMap<string, string>;
  readonly drafts: Draft;
  /** `timeouts.clientIdle`, which clusters do not have of their own here. */
  readonly clientIdle: string | undefined;
}

/** `cluster_conf.data`, with the instances of `gslb.data` and `cluster_table.data`. */
export function readClusterConf(file: Fields, pools: Pools, paths: FilePaths, report: Report): Clusters {
  const names = new Names(report);
  const known = new Map<string, string>();
  const drafts: Draft = {};
  const idles: Field<number>[] = [];
  for (const entry of file.named('Config')) {
    const draft = readCluster(entry, pools, paths, idles, report);
    if (draft === undefined) continue;
    const name = names.give(entry.name, entry.place, draft);
    known.set(entry.name, name);
    drafts[name] = draft;
  }
  file.ignore('Version');
  file.end();
  return { names: known, drafts, clientIdle: longest(idles, report) };
}

/** Undefined after it was reported why there is no such cluster. Adds its `TimeoutReadClientAgain` to `idles`. */
function readCluster(
  { name, place, node }: Named,
  pools: Pools,
  paths: FilePaths,
  idles: Field<number>[],
  report: Report,
): Draft | undefined {
  const fields = new Fields(node, `cluster ${shown(name)}`, report);
  const backend = fields.fields('BackendConf');
  const protocol = readProtocol(name, backend, report);
  if (protocol === undefined) return undefined;
  const served = pools.read(name, place);
  if (served === undefined) return undefined;
  const cluster: Draft = protocol === 'http' ? {} : { protocol };
  report.kept(place, `cluster ${shown(name)}`, cluster);
  const gslb = fields.fields('GslbBasic');
  readBalanceConf(gslb, cluster, served['subClusters'] !== undefined, report);
  Object.assign(cluster, served);
  const tls = readBackendTls(fields.fields('HTTPSConf'), protocol, paths, report);
  const health = readCheckConf(fields.fields('CheckConf'), protocol, report);
  const parts: ClusterParts = { cluster, timeouts: {}, retry: {}, health };
  readBackendConf(backend, parts, report);
  readRetries(gslb, parts.retry, report);
  gslb?.end();
  const idle = readClusterBasic(fields.fields('ClusterBasic'), parts, report);
  if (idle !== undefined) idles.push(idle);
  const ai = fields.node('AIConf');
  if (ai !== undefined)
    report.dropped(
      ai.place,
      'AIConf: Portico is no gateway to models: it knows neither their names nor keys',
    );
  fields.end();
  const { timeouts, retry } = parts;
  for (const [key, part] of Object.entries({ tls, timeouts, retry, health }))
    if (part !== undefined && Object.keys(part).length > 0) cluster[key] = part;
  return cluster;
}

function readProtocol(cluster: string, backend: Fields | undefined, report: Report): string | undefined {
  const field = backend?.text('Protocol');
  if (field === undefined) return 'http';
  const protocol = field.value.toLowerCase();
  if (protocol === 'http' || protocol === 'https' || protocol === 'h2c') {
    report.kept(field.place, `Protocol ${protocol}`);
    return protocol;
  }
  if (protocol === 'tcp' || protocol === 'ws') {
    report.changed(field.place, `Protocol ${protocol}: streams and WebSockets go to any cluster here`);
    return 'http';
  }
  const why =
    protocol === 'fcgi'
      ? 'Portico does not speak FastCGI yet: put a server that does before it, and name that one'
      : 'BFE does not know it either';
  report.dropped(field.place, `cluster ${shown(cluster)}: Protocol ${shown(field.value)}: ${why}`);
  return undefined;
}

/** In all, the first included. */
const MAX_ATTEMPTS = 10;

function readRetries(gslb: Fields | undefined, retry: Draft, report: Report): void {
  const inside = gslb?.number('RetryMax');
  const across = gslb?.number('CrossRetry');
  const wanted = 1 + Math.max(0, inside?.value ?? 2) + Math.max(0, across?.value ?? 0);
  const attempts = Math.min(wanted, MAX_ATTEMPTS);
  if (attempts !== 2) retry['attempts'] = attempts;
  for (const [field, name] of [
    [inside, 'RetryMax'],
    [across, 'CrossRetry'],
  ] as const) {
    if (field === undefined) continue;
    const as = `${name} ${field.value}, within retry.attempts: ${attempts}`;
    if (attempts < wanted) report.changed(field.place, `${as}, which is the most`, retry);
    else if (field.value > 0)
      report.changed(
        field.place,
        `${as}: retries are at most 20 % of the requests (retry.budget), and go to other sub-clusters when all healthy instances of one were tried`,
      );
    else report.kept(field.place, as);
  }
}

/** Which cluster a request is for is not known while its connection waits for it. */
function longest(idles: readonly Field<number>[], report: Report): string | undefined {
  const most = idles.reduce((sum, { value }) => Math.max(sum, value), 0);
  if (most === 0) return undefined;
  for (const { value, place } of idles) {
    if (value === most) report.kept(place, `TimeoutReadClientAgain ${value} ms, as timeouts.clientIdle`);
    else
      report.changed(
        place,
        `TimeoutReadClientAgain ${value} ms: one timeouts.clientIdle holds for all, and the longest is ${durationText(most)}`,
      );
  }
  return durationText(most);
}
