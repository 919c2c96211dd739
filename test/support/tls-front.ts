import type { TestContext } from 'node:test';
import type { IssuedPair } from '../../src/tls/local-authority.ts';
import { testCertificate } from './certificates.ts';
import { type FrontOptions, startFront, type TestFront } from './front.ts';

export interface TlsFrontPlan {
  /** Address of the only instance of cluster `web`; without it all tenants answer with their own name. */
  readonly cluster?: string;
  /** By name of the files; the first is the default. One for shop.example when absent. */
  readonly certificates?: Readonly<Record<string, IssuedPair>>;
  /** By tenant: its hosts and its TLS settings (YAML flow). Tenant `shop` with shop.example when absent. */
  readonly tenants?: Readonly<Record<string, { readonly hosts: readonly string[]; readonly tls?: string }>>;
  /** Further keys of the TLS listener (YAML flow). */
  readonly listener?: string;
  /** Further top-level lines. */
  readonly top?: string;
}

/** A front end with one TLS listener, and behind it a plain one. */
export function startTlsFront(
  test: TestContext,
  {
    cluster,
    certificates = { shop: testCertificate(['shop.example']) },
    tenants = SHOP,
    listener = '',
    top = '',
  }: TlsFrontPlan,
  handlers: FrontOptions['handlers'] = {},
): Promise<TestFront> {
  const files = Object.entries(certificates).flatMap(([name, { cert, key }]) => [
    [`${name}.pem`, cert],
    [`${name}.key`, key],
  ]);
  const routes = (name: string) =>
    cluster === undefined ? `[{ respond: { status: 200, body: "${name}" } }]` : '[{ cluster: web }]';
  const yaml = `
listen: [{ address: "127.0.0.1:0", tls: true, ${listener} }, { address: "localhost:0" }]
drain: 1s
certificates:
${Object.keys(certificates)
  .map((name, i) => `  - { cert: ${name}.pem, key: ${name}.key${i === 0 ? ', default: true' : ''} }`)
  .join('\n')}
tenants:
${Object.entries(tenants)
  .map(
    ([name, { hosts, tls = '{}' }]) =>
      `  ${name}: { hosts: ${JSON.stringify(hosts)}, tls: ${tls}, routes: ${routes(name)} }`,
  )
  .join('\n')}
${cluster === undefined ? '' : `clusters: { web: { instances: [{ address: "${cluster}" }] } }`}
${top}
`;
  return startFront(test, yaml, { files: Object.fromEntries(files), handlers });
}

const SHOP = { shop: { hosts: ['shop.example'] } } as const;
