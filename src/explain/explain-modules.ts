import { authorityHost } from '../../protocols/http/authority.ts';
import { RequestHead } from '../../protocols/http/message.ts';
import type { Cluster } from '../balance/cluster.ts';
import { ConfiguredModules } from '../configured-modules.ts';
import type { Answer } from '../core/callback-points.ts';
import { systemClock } from '../core/clock.ts';
import { Session, type TlsSession } from '../core/session.ts';
import type { Settings } from '../core/settings.ts';
import { ModuleTable } from '../proxy/module-table.ts';
import { Snapshot } from '../proxy/snapshot.ts';
import type { RouteTable } from '../route/route-table.ts';
import type { ExplainedRequest } from './explained-request.ts';

/** What modules make of a request, JSON-able. */
export interface ExplainedModules {
  /** All that stand on its way, in their order. */
  readonly modules: readonly {
    /** `tenants.shop.modules[0]` */
    readonly place: string;
    readonly kind: string;
    readonly when: string | null;
    /** `unmet`: its condition does not hold; `answered`: it answers the request. */
    readonly verdict: 'runs' | 'unmet' | 'answered';
  }[];
  /** Of the module that answers; status 0: no answer, the connection ends. */
  readonly answer: { readonly status: number; readonly location: string | null } | null;
  /** What the cluster is asked for. */
  readonly forwarded: { readonly authority: string; readonly path: string } | null;
}

/** The chains that traffic goes through. */
export class ModuleExplainer {
  readonly #configured: ConfiguredModules;
  readonly #table: ModuleTable;
  readonly #snapshot: Snapshot;

  /** Throws when a module from a file cannot be made. */
  constructor(settings: Settings, routes: RouteTable<Cluster>) {
    this.#configured = new ConfiguredModules(settings);
    const { server, tenants } = this.#configured;
    this.#table = new ModuleTable({ first: [], server, tenants, last: [] }, { answered() {}, failed() {} });
    this.#snapshot = new Snapshot(settings, routes, new Map(), this.#table);
  }

  /** `tls`: what is settled on the connection. */
  explain(request: ExplainedRequest, tls: SettledTls | undefined): ExplainedModules {
    const wall = request.at;
    const clock = wall === undefined ? systemClock : { ...systemClock, wall: () => wall };
    const location = this.#snapshot.locate(exchangeFor(request, tls), clock);
    const decision = location.chains.decide(location);
    const modules = this.#table.modulesFor(location).map(({ module, condition }) => {
      const isThere = location.chains.modules.includes(module);
      const verdict = module === decision?.module ? 'answered' : isThere ? 'runs' : 'unmet';
      return { place: module.place!, kind: module.name, when: condition?.text ?? null, verdict } as const;
    });
    const { head } = location;
    const target = location.chains.rewriteTarget(location, { authority: head.authority, path: head.path });
    if (decision === undefined || target === undefined) return { modules, answer: FAILED, forwarded: null };
    const { authority, path } = target;
    return { modules, answer: answerOf(decision.answer), forwarded: { authority, path } };
  }

  /** Lets go of what modules hold. */
  dispose(): void {
    this.#configured.dispose();
  }
}

type SettledTls = Omit<TlsSession, 'cipher' | 'resumed'>;

/** The handshake would fail, which the report says; what would be behind it is told all the same. */
function withoutCertificate(authority: string): SettledTls {
  const serverName = authorityHost(authority);
  const version = 'TLSv1.3';
  return {
    serverName,
    alpn: 'http/1.1',
    version,
    certificateHosts: [],
    isOldCipher: false,
    client: undefined,
  };
}

type Exchange = Parameters<Snapshot['locate']>[0];

function exchangeFor(
  { scheme, method, authority, path, headers, clientIp = '', vip = '' }: ExplainedRequest,
  tls: SettledTls | undefined,
): Exchange {
  const session = new Session({
    id: 0,
    listener: '',
    remoteAddress: clientIp,
    remotePort: 0,
    acceptedAt: 0,
    endpoint: { localAddress: vip },
  });
  const settled = tls ?? (scheme === 'https' ? withoutCertificate(authority) : undefined);
  if (settled !== undefined) session.tls = { ...settled, cipher: '', resumed: false };
  const head = new RequestHead({
    method,
    scheme: '',
    authority,
    path,
    version: tls?.alpn === 'h2' ? '2' : '1.1',
    headers: headers.flat(),
    bodyLength: 0,
    upgrade: '',
    expectsContinue: false,
    neverIndexed: undefined,
  });
  return { session, head, path, requestHeaders: head.headers };
}

/** A module from a file has thrown, as it would for traffic. */
const FAILED: ExplainedModules['answer'] = { status: 500, location: null };

function answerOf(answer: Answer): ExplainedModules['answer'] {
  switch (answer.kind) {
    case 'continue':
      return null;
    case 'respond':
      return { status: answer.status, location: null };
    case 'redirect':
      return { status: answer.status, location: answer.url };
    case 'finish':
      return { status: 403, location: null };
    case 'close':
      return { status: 0, location: null };
  }
}
