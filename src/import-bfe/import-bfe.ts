import { resolve } from 'node:path';
import type { LoadResult } from '../config/load.ts';
import { assemble } from './assemble.ts';
import { type Certificates, readCertificates } from './certificates.ts';
import { readClusterConf } from './cluster-conf.ts';
import { Conditions } from './conditions.ts';
import type { Draft } from './draft.ts';
import type { Fields } from './fields.ts';
import { FilePaths } from './file-paths.ts';
import { readClusterTable, readGslb } from './gslb.ts';
import { giveHosts, readHostRules } from './host-rules.ts';
import { hostTagCondition } from './host-tags.ts';
import { importModules, importTags } from './import-modules.ts';
import { shown } from './located.ts';
import { ModuleLists } from './module-lists.ts';
import { Pools } from './pools.ts';
import { type Finding, Report } from './report.ts';
import { readRouteRules } from './route-rules.ts';
import { readServerConf } from './server-conf.ts';
import { settle } from './settle.ts';
import { leadStreams } from './stream-targets.ts';
import { readTlsConf } from './tls-conf.ts';
import { TlsRuleReading } from './tls-rules.ts';
import { Tree } from './tree.ts';
import { readVipRules } from './vip-rules.ts';
import { writeYaml } from './write-yaml.ts';

export interface ImportOptions {
  /** BFE's conf directory. */
  readonly directory: string;
  /** The file that will be written; undefined: none, and files are named absolutely. */
  readonly output: string | undefined;
  /** Loads a text as a configuration of that name, certificates and all. */
  load(text: string, file: string): LoadResult;
}

export interface ImportResult {
  /** Undefined when the tree cannot be read. */
  readonly yaml: string | undefined;
  readonly findings: readonly Finding[];
}

/** Makes one configuration of BFE's files. Never throws for what is in them, or missing. */
export function importBfe({ directory, output, load }: ImportOptions): ImportResult {
  const report = new Report();
  const tree = new Tree(directory, report);
  const paths = new FilePaths(tree, output === undefined ? undefined : resolve(output, '..'));
  const draft = draftOf(tree, paths, report);
  if (draft === undefined || report.has('error')) return { yaml: undefined, findings: report.findings };
  settle(draft, { file: tree.shown('bfe.conf'), line: 0 }, report);
  const head = [
    `Made by portico import bfe ${directory.replaceAll(/[^\x20-\x7e]/g, '?')}`,
    'Comments say what is not as BFE has it; docs/import-bfe.md tells all of it.',
  ];
  const yaml = writeYaml(draft, head, report);
  const name = output ?? 'the result';
  const loaded = load(yaml, output ?? 'portico.yaml');
  if (!loaded.ok)
    for (const { line, message, hint } of loaded.problems)
      report.error({ file: name, line }, hint === undefined ? message : `${message}; ${hint}`);
  return { yaml, findings: report.findings };
}

/** Makes the configuration; undefined after it was reported what cannot be read. Each file is read when what it needs was read before. */
function draftOf(tree: Tree, paths: FilePaths, report: Report): Draft | undefined {
  const main = tree.ini('bfe.conf', 'required');
  if (main === undefined) return undefined;
  const section = main.fields('Server');
  if (section === undefined) {
    report.error(main.place, 'there is no section [Server]');
    return undefined;
  }
  const server = readServerConf(section, report);
  const tlsConf = readTlsConf(main, report);
  main.end();
  const { files } = server;
  const hosts = tree.json(files.HostRuleConf, 'required');
  const vips = tree.json(files.VipRuleConf, 'expected');
  const routes = tree.json(files.RouteRuleConf, 'required');
  const clusterConf = tree.json(files.ClusterConf, 'required');
  const names = tree.json(files.NameConf, 'optional');
  const table = tree.json(files.ClusterTableConf, 'required');
  const gslb = tree.json(files.GslbConf, 'required');
  const certificateFile = tree.json(tlsConf.certificatesFile, 'expected');
  const ruleFile = tree.json(tlsConf.rulesFile, 'expected');
  if (!(hosts && routes && clusterConf && table && gslb)) return undefined;

  const products = readHostRules(hosts, report);
  if (vips !== undefined) readVipRules(vips, products, server.isBehindBalancer, report);
  giveHosts(products, report);
  if (names !== undefined) readNames(names, report);
  const pools = new Pools(readGslb(gslb, report), readClusterTable(table, report), report);
  const { drafts: clusters, names: known, clientIdle } = readClusterConf(clusterConf, pools, paths, report);
  const conditions = new Conditions(report, (call) => hostTagCondition(call, products));
  const modules = new ModuleLists(report);
  const context = { tree, products, conditions, lists: modules, report };
  const tags = importTags(server.modules, context);
  const advanced = readRouteRules(routes, products, known, conditions, tags, report);
  const certificates = certificateFile ? readCertificates(certificateFile, paths, report) : NO_CERTIFICATES;
  let http2: Draft | undefined;
  if (certificates.size > 0) {
    const rules = new TlsRuleReading(tree, tlsConf, paths, report).read(ruleFile, products, certificates);
    leadStreams(rules, advanced, report);
    http2 = rules.http2;
  }
  const trustedProxies = importModules(server.modules, context);
  const { looksAtBodies } = conditions;
  const parts = {
    server,
    looksAtBodies,
    products,
    modules,
    certificates,
    clusters,
    clientIdle,
    trustedProxies,
    http2,
  };
  return assemble(parts, report);
}

const NO_CERTIFICATES: Certificates = new Map();

/** `name_conf.data`. */
function readNames(file: Fields, report: Report): void {
  for (const { name, place } of file.named('Config'))
    report.kept(
      place,
      `${shown(name)}: only session caches of BFE are found by such names, and there are none here`,
    );
  file.ignore('Version');
  file.end();
}
