import { type Draft, durationText, sizeText } from './draft.ts';
import type { Field, Fields } from './fields.ts';
import { shown } from './located.ts';
import type { Place, Report } from './report.ts';

/** What `bfe.conf` says, apart from TLS. */
export interface ServerConf {
  /** Top-level keys of the new configuration. */
  readonly workers: Draft;
  readonly plain: ListenerConf;
  readonly secure: ListenerConf;
  readonly admin: Draft;
  readonly timeouts: Draft;
  readonly limits: Draft;
  /** `AccessibleBodySize`. */
  readonly accessibleBody: Field<number> | undefined;
  readonly drain: string;
  readonly logLevel: string | undefined;
  readonly isBehindBalancer: boolean;
  readonly modules: ReadonlyMap<string, Place>;
  /** Names of the data files. */
  readonly files: Readonly<Record<DataFile, string>>;
}

type DataFile = keyof typeof DATA_FILES;

const DATA_FILES = {
  HostRuleConf: 'server_data_conf/host_rule.data',
  VipRuleConf: 'server_data_conf/vip_rule.data',
  RouteRuleConf: 'server_data_conf/route_rule.data',
  ClusterConf: 'server_data_conf/cluster_conf.data',
  NameConf: 'server_data_conf/name_conf.data',
  ClusterTableConf: 'cluster_conf/cluster_table.data',
  GslbConf: 'cluster_conf/gslb.data',
} as const;

/** The section [Server]. What is not in it has BFE's default, which is not always Portico's. */
export function readServerConf(server: Fields, report: Report): ServerConf {
  const isBehindBalancer = readBalancer(server, report);
  const plain = readListener(server, 'HttpAddr', 'HttpPort', 8080, {});
  const secure = readListener(server, 'HttpsAddr', 'HttpsPort', 8443, { tls: true });
  if (isBehindBalancer !== undefined)
    for (const { draft: listener } of [plain, secure]) {
      listener['proxyProtocol'] = { from: ['0.0.0.0/0', '::/0'] };
      report.changed(
        isBehindBalancer.place,
        'Layer4LoadBalancer PROXY: Portico wants to know which load balancers to believe, and BFE believes everybody; put the addresses of yours in place of 0.0.0.0/0 and ::/0. Connections without a PROXY header are refused',
        listener,
      );
    }
  const conf = {
    workers: readWorkers(server, report),
    plain,
    secure,
    admin: readAdmin(server, report),
    timeouts: readTimeouts(server, report),
    limits: readLimits(server, report),
    accessibleBody: server.number('AccessibleBodySize'),
    drain: durationText(take(server, report, 'GracefulShutdownTimeout', 10, 'drain') * 1000),
    logLevel: readDebug(server, report),
    isBehindBalancer: isBehindBalancer !== undefined,
    modules: new Map(server.texts('Modules').map(({ value, place }) => [value, place])),
    files: readFiles(server, report),
  };
  readOthers(server, report);
  server.end();
  return conf;
}

/** A number that is taken as it is, and told under its new name. */
function take(server: Fields, report: Report, name: string, fallback: number, as: string): number {
  const field = server.number(name);
  if (field === undefined) return fallback;
  if (field.value <= 0) {
    report.dropped(field.place, `${name} ${field.value}: not above 0; BFE's default of ${fallback} is taken`);
    return fallback;
  }
  report.kept(field.place, `${name} ${field.value}, as ${as}`);
  return field.value;
}

/** A listener, and the fields that it is made of: whether it can be there is known when certificates are. */
interface ListenerConf {
  readonly draft: Draft;
  readonly named: readonly { readonly place: Place; readonly text: string }[];
}

function readListener(
  server: Fields,
  addressName: string,
  portName: string,
  fallback: number,
  rest: Draft,
): ListenerConf {
  const port = server.number(portName);
  const address = server.text(addressName);
  return {
    draft: { address: joinAddress(address?.value ?? '', port?.value ?? fallback), ...rest },
    named: [
      ...(port === undefined ? [] : [{ place: port.place, text: `${portName} ${port.value}` }]),
      ...(address === undefined
        ? []
        : [{ place: address.place, text: `${addressName} ${shown(address.value)}` }]),
    ],
  };
}

function joinAddress(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The field that says so, if a layer-4 balancer stands in front. */
function readBalancer(server: Fields, report: Report): Field<string> | undefined {
  const field = server.text('Layer4LoadBalancer');
  if (field === undefined) return undefined;
  if (field.value === 'PROXY') return field;
  if (field.value === '' || field.value === 'NONE') report.kept(field.place, 'Layer4LoadBalancer: none');
  else report.dropped(field.place, `Layer4LoadBalancer ${shown(field.value)}: BFE knows PROXY and NONE only`);
  return undefined;
}

function readWorkers(server: Fields, report: Report): Draft {
  const cpus = server.number('MaxCpus');
  if (cpus === undefined) return {};
  const isAll = cpus.value <= 0;
  report.kept(cpus.place, `MaxCpus ${cpus.value}, as workers: ${isAll ? 'auto' : cpus.value}`);
  return isAll ? {} : { workers: cpus.value };
}

function readAdmin(server: Fields, report: Report): Draft {
  const isOn = server.flag('MonitorEnabled');
  const port = server.number('MonitorPort');
  const address = server.text('MonitorAddr');
  const interval = server.number('MonitorInterval');
  if (interval !== undefined)
    report.changed(
      interval.place,
      'MonitorInterval: not needed: /metrics has counters, and who reads them takes differences',
    );
  if (isOn?.value === false) {
    report.kept(isOn.place, 'MonitorEnabled false: no admin address');
    return {};
  }
  if (isOn !== undefined) report.kept(isOn.place, 'MonitorEnabled true, as admin');
  const admin: Draft = { address: `127.0.0.1:${port?.value ?? 8421}` };
  report.changed(
    (address ?? port ?? isOn ?? server).place,
    `the monitor is reached from this machine only (admin: ${admin['address']}): whoever reaches it may reload and drain here; put another address there where only your own people reach it`,
    admin,
  );
  return { admin };
}

function readTimeouts(server: Fields, report: Report): Draft {
  const seconds = take(server, report, 'ClientReadTimeout', 60, 'timeouts.clientHeader');
  const handshake = server.number('TlsHandshakeTimeout');
  if (handshake !== undefined)
    report.changed(
      handshake.place,
      `TlsHandshakeTimeout ${handshake.value}: handshakes have the time of timeouts.clientHeader (${seconds}s), as heads have`,
    );
  const write = server.number('ClientWriteTimeout');
  if (write !== undefined)
    report.changed(
      write.place,
      `ClientWriteTimeout ${write.value}: BFE makes no use of it; what counts is TimeoutWriteClient of each cluster`,
    );
  return { clientHeader: durationText(seconds * 1000) };
}

/** The most that Portico takes. */
const MAX_HEAD = 1024 * 1024;
const MIN_HEAD = 1024;
/** What one header line may have unless the target of a request may be longer. */
const LINE = 16 * 1024;

function readLimits(server: Fields, report: Report): Draft {
  const limits: Draft = {};
  const head = server.number('MaxHeaderBytes');
  const bytes = Math.min(Math.max(head?.value ?? MAX_HEAD, MIN_HEAD), MAX_HEAD);
  limits['head'] = sizeText(bytes);
  if (head !== undefined && bytes === head.value)
    report.kept(head.place, `MaxHeaderBytes ${head.value}, as limits.head`, limits);
  else if (head !== undefined)
    report.changed(head.place, `MaxHeaderBytes ${head.value}: limits.head goes from 1KiB to 1MiB`, limits);
  const uri = server.number('MaxHeaderUriBytes');
  const line = Math.min(Math.max(uri?.value ?? 0, LINE), bytes);
  limits['line'] = sizeText(line);
  if (uri !== undefined)
    report.changed(
      uri.place,
      `MaxHeaderUriBytes ${uri.value}: limits.line (${limits['line']}) bounds the request line and each header line, which BFE does not bound`,
      limits,
    );
  const proxy = server.number('MaxProxyHeaderBytes');
  if (proxy !== undefined)
    report.changed(proxy.place, 'MaxProxyHeaderBytes: not needed: a PROXY header is bounded at 16 KiB');
  return limits;
}

function readDebug(server: Fields, report: Report): string | undefined {
  let level: string | undefined;
  for (const name of ['DebugServHttp', 'DebugBfeRoute', 'DebugBal', 'DebugHealthCheck']) {
    const flag = server.flag(name);
    if (flag?.value === true) {
      level = 'debug';
      report.changed(flag.place, `${name}: log.level is debug, for everything`);
    } else if (flag !== undefined) {
      report.kept(flag.place, `${name} false: no debug log`);
    }
  }
  return level;
}

function readFiles(server: Fields, report: Report): Record<DataFile, string> {
  const files: Record<DataFile, string> = { ...DATA_FILES };
  for (const name of Object.keys(DATA_FILES) as DataFile[]) {
    const field = server.text(name);
    if (field === undefined || field.value === '') continue;
    files[name] = field.value;
    report.kept(field.place, `${name}: ${shown(field.value)} is read`);
  }
  return files;
}

function readOthers(server: Fields, report: Report): void {
  const accept = server.number('AcceptNum');
  if (accept !== undefined) report.changed(accept.place, 'AcceptNum: not needed: each worker accepts');
  const keepAlive = server.flag('KeepAliveEnabled');
  if (keepAlive?.value === true) report.kept(keepAlive.place, 'KeepAliveEnabled true');
  else if (keepAlive !== undefined)
    report.dropped(
      keepAlive.place,
      'KeepAliveEnabled false: connections of clients are always kept; timeouts.clientIdle says how long',
    );
  const gateway = server.flag('EnableAiGateway');
  if (gateway?.value === true)
    report.dropped(
      gateway.place,
      'EnableAiGateway: Portico is no gateway to models: it routes and balances them as any service',
    );
  else if (gateway !== undefined) report.kept(gateway.place, 'EnableAiGateway false');
  for (const name of ['EstimateToken', 'TotalBodyBufferSize']) {
    const node = server.node(name);
    if (node === undefined) continue;
    if (gateway?.value === true) report.dropped(node.place, `${name}: part of the gateway to models`);
    else report.kept(node.place, `${name}: means nothing without EnableAiGateway`);
  }
}
