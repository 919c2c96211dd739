import type { Fields } from './fields.ts';
import { readList } from './fields.ts';
import { shown } from './located.ts';
import type { Place, Report } from './report.ts';
import type { Tree } from './tree.ts';

interface Counterpart {
  readonly verdict: 'kept' | 'changed' | 'dropped';
  readonly text: string;
  /** The key of its .conf that names its rules, and where they are without it. */
  readonly data?: readonly [section: string, key: string, fallback: string];
}

const basic = (file: string, key = 'DataPath') => ['Basic', key, file] as const;

/** Modules of BFE that are not made into modules here. */
const OTHERS: ReadonlyMap<string, Counterpart> = new Map<string, Counterpart>([
  [
    'mod_logid',
    {
      verdict: 'changed',
      text: 'every request has an id without it: X-Request-Id in place of X-Bfe-Log-Id, taken over from trustedProxies',
    },
  ],
  [
    'mod_access',
    {
      verdict: 'changed',
      text: 'the access log has one JSON line for each request, on stdout; log: { access: { file: … } } writes a file, which is reopened on SIGUSR1',
    },
  ],
  ['mod_access_pb3', { verdict: 'changed', text: 'the access log is JSON, not protobuf' }],
  ['mod_http_code', { verdict: 'changed', text: '/metrics counts answers by status without it' }],
  [
    'mod_trace',
    {
      verdict: 'dropped',
      text: 'no spans are sent; x-request-id is in the log and goes to backends',
      data: basic('mod_trace/trace_rule.data'),
    },
  ],
  [
    'mod_tcp_keepalive',
    {
      verdict: 'dropped',
      text: 'TCP keep-alive is up to the system (net.ipv4.tcp_keepalive_time)',
      data: basic('mod_tcp_keepalive/tcp_keepalive.data'),
    },
  ],
  [
    'mod_userid',
    {
      verdict: 'dropped',
      text: 'cookies that tell clients apart are not set; the backend can',
      data: basic('mod_userid/userid_rule.data'),
    },
  ],
  [
    'mod_geo',
    {
      verdict: 'dropped',
      text: 'where clients are is not looked up; a module of your own can (docs/modules.md)',
    },
  ],
  [
    'mod_prison',
    {
      verdict: 'dropped',
      text: 'requests are not counted by client; a module of your own can (docs/modules.md), maxRequests bounds what instances get',
      data: basic('mod_prison/prison.data', 'ProductRulePath'),
    },
  ],
  [
    'mod_waf',
    {
      verdict: 'dropped',
      text: 'requests are not looked through for attacks',
      data: basic('mod_waf/waf_rule.data', 'ProductRulePath'),
    },
  ],
  ['mod_unified_waf', { verdict: 'dropped', text: 'no firewall is asked' }],
  [
    'mod_doh',
    { verdict: 'dropped', text: 'DNS is not answered; put a DNS-over-HTTPS server behind a route' },
  ],
  [
    'mod_static',
    {
      verdict: 'dropped',
      text: 'files are not served: put a file server behind a route; respond has a fixed text',
      data: basic('mod_static/static_rule.data'),
    },
  ],
  [
    'mod_errors',
    {
      verdict: 'dropped',
      text: 'answers of backends are not replaced by their status',
      data: basic('mod_errors/errors_rule.data'),
    },
  ],
  [
    'mod_markdown',
    {
      verdict: 'dropped',
      text: 'Markdown is not rendered',
      data: basic('mod_markdown/mod_markdown.data', 'ProductRulePath'),
    },
  ],
  [
    'mod_compress',
    {
      verdict: 'dropped',
      text: 'responses are not compressed: have backends do it',
      data: basic('mod_compress/compress_rule.data', 'ProductRulePath'),
    },
  ],
  [
    'mod_key_log',
    {
      verdict: 'dropped',
      text: 'keys of TLS sessions are not logged',
      data: basic('mod_key_log/key_log.data'),
    },
  ],
  [
    'mod_wasm',
    {
      verdict: 'dropped',
      text: 'WebAssembly is not run; a module of your own is JavaScript or TypeScript (docs/modules.md)',
      data: basic('mod_wasm/mod_wasm.data'),
    },
  ],
  [
    'mod_session_sticky',
    {
      verdict: 'dropped',
      text: 'sticky: { cookie: … } of a cluster keeps a client with its instance',
      data: basic('mod_session_sticky/mod_session_sticky.data'),
    },
  ],
  [
    'mod_body_process',
    {
      verdict: 'dropped',
      text: 'bodies are not changed',
      data: basic('mod_body_process/body_process_rule.data', 'ProductRulePath'),
    },
  ],
  ['mod_ai_route', { verdict: 'dropped', text: 'part of the gateway to models' }],
  ['mod_ai_rate_limit', { verdict: 'dropped', text: 'part of the gateway to models' }],
]);

/** Says what becomes of a module that is none here; one that has no rules is missed by nobody. */
export function reportOtherModule(name: string, place: Place, tree: Tree, report: Report): void {
  const other = OTHERS.get(name);
  if (other === undefined) {
    report.dropped(place, `${shown(name)}: BFE has no such module`);
    return;
  }
  const rules = other.data === undefined ? undefined : rulesOf(name, other.data, tree, report);
  if (rules?.length === 0) {
    report.kept(place, `${name} has no rules`);
    return;
  }
  report[other.verdict](place, `${name}: ${other.text}`);
  for (const rule of rules ?? []) report.dropped(rule.place, `${rule.text}: see ${name} in bfe.conf`);
}

interface Rule {
  readonly place: Place;
  readonly text: string;
}

/** Undefined when they cannot be read. */
function rulesOf(
  module: string,
  [section, key, fallback]: NonNullable<Counterpart['data']>,
  tree: Tree,
  report: Report,
): readonly Rule[] | undefined {
  const conf: Fields | undefined = tree.ini(`${module}/${module}.conf`, 'optional');
  const named = conf?.fields(section)?.text(key)?.value;
  const file = tree.json(named === undefined || named === '' ? fallback : named, 'optional');
  return file?.named('Config').flatMap(({ name, node, place }) => {
    // What is no list of rules has been reported, or is one rule.
    const list = Array.isArray(node.value) ? readList(node, module, report) : [{ place }];
    return list.map((rule, i) => ({ place: rule.place, text: `rule ${i + 1} of ${shown(name)}` }));
  });
}

/** Directories of modules that bfe.conf does not name: BFE does not look into them either. */
export function reportUnused(
  names: readonly string[],
  used: ReadonlyMap<string, Place>,
  tree: Tree,
  report: Report,
): void {
  for (const name of names) {
    if (!name.startsWith('mod_') || used.has(name)) continue;
    report.kept(
      { file: tree.shown(name), line: 0 },
      'is left out: bfe.conf does not name the module, so BFE does not load it',
    );
  }
}
