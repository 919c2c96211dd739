import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Explainer } from '../../src/explain/explainer.ts';
import { type BfeFiles, importTree } from '../support/bfe-tree.ts';

/*
 * A request goes where BFE's rules say: to the cluster that BFE's own lookup gives, which stands here once more, by its documentation
 * and its source: trees of hosts and paths without a way back, then the rules with conditions in order.
 */

const HOSTS = ['a.org', 'www.a.org', 'x.a.org', 'y.x.a.org', 'b.org', 'stranger.net'];
const HOST_RULES = ['a.org', '*.a.org', 'x.a.org', '*.x.a.org', 'b.org', '*.org', 'www.a.org'];
const RULE_HOSTS = [...HOST_RULES, '*', 'stranger.net'];
const PATHS = ['/', '/a', '/a/', '/a/b', '/a/b/c', '/ab', '/c'];
const RULE_PATHS = ['*', '/*', '/a', '/a*', '/a/*', '/a/b', '/a/b*', '/c', '/ab'];
const CLUSTERS = ['c0', 'c1', 'c2', 'c3'];

interface Basic {
  readonly Hostname: readonly string[];
  readonly Path: readonly string[];
  readonly ClusterName: string;
}

interface Advanced {
  readonly Cond: string;
  readonly ClusterName: string;
  readonly holds: (request: Request) => boolean;
}

interface Request {
  readonly method: string;
  readonly host: string;
  readonly path: string;
}

const CONDITIONS: readonly Pick<Advanced, 'Cond' | 'holds'>[] = [
  { Cond: 'req_method_in("POST")', holds: ({ method }) => method === 'POST' },
  { Cond: 'req_host_in("a.org|x.a.org")', holds: ({ host }) => ['a.org', 'x.a.org'].includes(host) },
  { Cond: 'req_path_prefix_in("/a", false)', holds: ({ path }) => path.startsWith('/a') },
  {
    // As BFE reads it: || binds tighter than &&.
    Cond: 'req_method_in("POST") && req_path_in("/c", false) || req_host_in("b.org")',
    holds: ({ method, path, host }) => method === 'POST' && (path === '/c' || host === 'b.org'),
  },
  { Cond: 'default_t()', holds: () => true },
];

const basic: fc.Arbitrary<Basic> = fc
  .record({
    Hostname: fc.uniqueArray(fc.constantFrom(...RULE_HOSTS), { maxLength: 2 }),
    Path: fc.uniqueArray(fc.constantFrom(...RULE_PATHS), { maxLength: 2 }),
    ClusterName: fc.constantFrom(...CLUSTERS, 'ADVANCED_MODE'),
  })
  .filter(({ Hostname, Path }) => Hostname.length + Path.length > 0);

const advanced: fc.Arbitrary<Advanced> = fc
  .tuple(fc.constantFrom(...CONDITIONS), fc.constantFrom(...CLUSTERS))
  .map(([condition, ClusterName]) => ({ ...condition, ClusterName }));

const rules = fc.record({
  hosts: fc.uniqueArray(fc.constantFrom(...HOST_RULES), { minLength: 1, maxLength: 4 }),
  isDefault: fc.boolean(),
  basics: fc.array(basic, { maxLength: 5 }),
  advanceds: fc.array(advanced, { maxLength: 4 }),
});

test('requests go where the rules of BFE say', (t) => {
  let decided = 0;
  fc.assert(
    fc.property(rules, ({ hosts, isDefault, basics, advanceds }) => {
      const tree = treeOf(basics);
      if (tree === undefined) return;
      const { settings, told } = importTree(t, filesOf(hosts, isDefault, basics, advanceds));
      assert.deepEqual(told('error'), []);
      const explainer = new Explainer(settings());
      for (const host of HOSTS) {
        if (!isDefault && !hosts.some((pattern) => owns(pattern, host))) continue;
        for (const path of PATHS) {
          for (const method of ['GET', 'POST']) {
            const request = { method, host, path };
            const { target } = explainer.decide({
              ...{ scheme: 'http', method, authority: host, path, headers: [] },
              ...{ serverName: '', clientIp: undefined, vip: undefined },
            });
            const cluster = target?.kind === 'cluster' ? target.cluster : undefined;
            decided += 1;
            assert.equal(cluster, lookup(tree, advanceds, request), `${method} ${host}${path}`);
          }
        }
      }
      explainer.dispose();
    }),
    { numRuns: 150 },
  );
  assert.ok(decided > 1000);
});

function filesOf(
  hosts: readonly string[],
  isDefault: boolean,
  basics: readonly Basic[],
  advanceds: readonly Advanced[],
): BfeFiles {
  const pool = (port: number) => ({ main: [{ Name: '', Addr: '127.0.0.1', Port: port, Weight: 1 }] });
  const each = <T>(value: (i: number) => T) =>
    Object.fromEntries(CLUSTERS.map((name, i) => [name, value(i)]));
  return {
    'server_data_conf/host_rule.data': {
      Version: '1',
      ...(isDefault ? { DefaultProduct: 'shop' } : {}),
      Hosts: { tag: hosts },
      HostTags: { shop: ['tag'] },
    },
    'server_data_conf/route_rule.data': {
      Version: '1',
      BasicRule: { shop: basics },
      ProductRule: { shop: advanceds.map(({ Cond, ClusterName }) => ({ Cond, ClusterName })) },
    },
    'server_data_conf/cluster_conf.data': { Version: '1', Config: each(() => ({})) },
    'cluster_conf/gslb.data': { Clusters: each(() => ({ main: 1 })), Hostname: '', Ts: '' },
    'cluster_conf/cluster_table.data': { Version: '1', Config: each((i) => pool(9000 + i)) },
  };
}

/** Hosts in host_rule.data: `*` stands for any number of labels. */
function owns(pattern: string, host: string): boolean {
  return pattern.startsWith('*.') ? host.endsWith(pattern.slice(1)) : host === pattern;
}

type Tree = Map<string, Map<string, string>>;

/** Undefined for two rules of one host and path, which BFE refuses. */
function treeOf(basics: readonly Basic[]): Tree | undefined {
  const tree: Tree = new Map();
  for (const { Hostname, Path, ClusterName } of basics) {
    for (const host of Hostname.length === 0 ? ['*'] : Hostname) {
      const paths = tree.get(host) ?? new Map<string, string>();
      tree.set(host, paths);
      for (const written of Path.length === 0 ? ['*'] : Path) {
        const bare = written.slice(0, -1);
        const path = !written.endsWith('*')
          ? written
          : bare === '' || bare.endsWith('/')
            ? `${bare}*`
            : `${bare}/*`;
        const key = path === '*' ? '/*' : path;
        if (paths.has(key)) return undefined;
        paths.set(key, ClusterName);
      }
    }
  }
  return tree;
}

function lookup(tree: Tree, advanceds: readonly Advanced[], request: Request): string | undefined {
  const found = lookupPath(lookupHost(tree, request.host), request.path);
  if (found !== undefined && found !== 'ADVANCED_MODE') return found;
  return advanceds.find(({ holds }) => holds(request))?.ClusterName;
}

function lookupHost(tree: Tree, host: string): Map<string, string> | undefined {
  const exact = tree.get(host);
  if (exact !== undefined) return exact;
  const oneUp = tree.get(`*${host.slice(host.indexOf('.'))}`);
  return oneUp ?? tree.get('*');
}

function lookupPath(paths: Map<string, string> | undefined, path: string): string | undefined {
  const exact = paths?.get(path);
  if (paths === undefined || exact !== undefined) return exact;
  const full = path.endsWith('/') ? path : `${path}/`;
  const longest = [...paths.keys()]
    .filter((key) => key.endsWith('/*') && full.startsWith(key.slice(0, -1)))
    .toSorted((a, b) => b.length - a.length)[0];
  return longest === undefined ? undefined : paths.get(longest);
}
