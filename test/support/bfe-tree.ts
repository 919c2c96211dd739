import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { parse } from 'yaml';
import { parseConfig } from '../../src/config/load.ts';
import type { Settings } from '../../src/core/settings.ts';
import { importBfe } from '../../src/import-bfe/import-bfe.ts';
import type { Finding, Verdict } from '../../src/import-bfe/report.ts';
import { goodSettings } from './configuration.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** Files of a conf directory by name: text as it is, anything else as JSON; undefined: not there. */
export type BfeFiles = Readonly<Record<string, unknown>>;

/** One product, one host, one cluster of one instance; no TLS, no modules. */
const LEAST: BfeFiles = {
  'bfe.conf': '[Server]\nHttpPort = 8080\n',
  'server_data_conf/host_rule.data': {
    Version: '1',
    Hosts: { shopTag: ['shop.example.org'] },
    HostTags: { shop: ['shopTag'] },
  },
  'server_data_conf/vip_rule.data': { Version: '1', Vips: {} },
  'server_data_conf/route_rule.data': {
    Version: '1',
    ProductRule: { shop: [{ Cond: 'default_t()', ClusterName: 'web' }] },
  },
  'server_data_conf/cluster_conf.data': { Version: '1', Config: { web: {} } },
  'cluster_conf/gslb.data': { Clusters: { web: { main: 100 } }, Hostname: '', Ts: '0' },
  'cluster_conf/cluster_table.data': {
    Version: '1',
    Config: { web: { main: [{ Name: 'a', Addr: '127.0.0.1', Port: 9001, Weight: 10 }] } },
  },
  'tls_conf/server_cert_conf.data': { Version: '1', Config: { Default: '', CertConf: {} } },
  'tls_conf/tls_rule_conf.data': { Version: '1', Config: {} },
};

/** Writes the least tree with these files in place of its own. Returns the conf directory. */
export function bfeTree(test: TestContext, files: BfeFiles = {}): string {
  const root = join(temporaryDirectory(test), 'conf');
  for (const [name, content] of Object.entries({ ...LEAST, ...files })) {
    if (content === undefined) continue;
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(
      join(root, name),
      typeof content === 'string' ? content : JSON.stringify(content, undefined, 2),
    );
  }
  return root;
}

export interface ImportedTree {
  readonly root: string;
  readonly yaml: string;
  /** The YAML read again. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look wherever they like
  readonly data: any;
  readonly findings: readonly Finding[];
  /** `route_rule.data:5 dropped …` of these verdicts; only what has to be noticed when none is given. */
  told(...verdicts: Verdict[]): string[];
  settings(): Settings;
}

/** Imports the least tree with these files in place of its own. */
export function importTree(test: TestContext, files: BfeFiles = {}): ImportedTree {
  const root = bfeTree(test, files);
  const output = join(dirname(root), 'portico.yaml');
  const { yaml = '', findings } = importBfe({ directory: root, output, load: parseConfig });
  return {
    root,
    yaml,
    data: parse(yaml),
    findings,
    told: (...verdicts) =>
      findings
        .filter(({ verdict }) => (verdicts.length === 0 ? ['dropped', 'error'] : verdicts).includes(verdict))
        .map(({ file, line, verdict, text }) => `${file.replace(`${root}/`, '')}:${line} ${verdict} ${text}`),
    settings: () => goodSettings(parseConfig(yaml, output)),
  };
}
