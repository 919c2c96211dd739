import type { Server as NetServer } from 'node:net';
import type { ConfigInput, ListenInput } from './config/config-input.ts';
import type { ReadFile } from './config/include.ts';
import { type LoadResult, loadConfig, loadSettings } from './config/load.ts';
import { loadRenewable } from './config/load-renewable.ts';
import { formatProblems, type Problem } from './config/problem.ts';
import type { Module } from './core/callback-points.ts';
import { systemClock } from './core/clock.ts';
import { type Logger, silentLogger } from './core/logger.ts';
import type { RenewableSettings } from './core/renewable-settings.ts';
import type { BoundListener, Server, ServerStatus } from './core/server.ts';
import type { Session } from './core/session.ts';
import type { SessionHooks } from './core/session-hooks.ts';
import type { ListenerSettings, Settings } from './core/settings.ts';
import { noTelemetry, type Telemetry } from './core/telemetry.ts';
import { judgeExpectations } from './explain/judge-expectations.ts';
import { inspectModule } from './module-kinds.ts';
import { createAccessLog } from './modules/access-log/access-log.ts';
import { FileRenewal } from './renewal/file-renewal.ts';
import { Stapler } from './renewal/stapler.ts';
import type { Handler } from './serve/handler.ts';
import { createServerFromSettings } from './server.ts';
import { checkBackendTls } from './tls/backend-tls-check.ts';
import { checkCertificates } from './tls/certificate-check.ts';
import { checkTenantTls } from './tls/tenant-tls-check.ts';
import { TicketRotation } from './tls/ticket-rotation.ts';

/** What a program may hang on its server; all of it may be left out. */
export interface ServerOptions extends SessionHooks {
  /** The event log; a pino logger fits. Silent when left out. */
  readonly logger?: Logger;
  /** Gets one JSON line (with its line feed) per exchange: docs/access-log.md. `process.stdout` fits. None when left out. */
  readonly accessLog?: { write(line: string): unknown };
  /** Run at the callback points in this order, behind the rules for forwarded headers. */
  readonly modules?: readonly Module[];
  /** Told of sessions, exchanges and connections as they come and go. */
  readonly telemetry?: Telemetry;
  /** Answer where a route of the configuration says `handler: NAME`. */
  readonly handlers?: Readonly<Record<string, Handler>>;
}

/** A listener beside those of the configuration. Streams are not among them: a reload could take their cluster away. */
export type AddedListener = Omit<ListenInput, 'stream'>;

/** For a server that is one handler and nothing else; with what it needs of a configuration. */
export interface HandlerServerOptions extends Omit<ServerOptions, 'handlers'>, HandlerServerConfig {
  /** Where it listens: `:8080` (the default) is all interfaces, `127.0.0.1:0` a port that the system chooses. A text means in the clear. */
  readonly listen?: string | AddedListener;
}

type HandlerServerConfig = Pick<
  ConfigInput,
  'certificates' | 'tickets' | 'trustedProxies' | 'timeouts' | 'limits' | 'http2' | 'drain'
>;

/** A front end inside this process. */
export interface EmbeddedServer {
  /** Opens all listeners and resolves to them, with the ports really bound; rejects when one address cannot be had. */
  start(): Promise<readonly BoundListener[]>;
  /**
   * Opens one more listener, which every reload leaves alone; at any time before the end, and without `start` if the addresses of the
   * configuration are not wanted. Rejects with a ConfigError, with the system's error when the address cannot be had, and with a
   * ServerClosed once the server was stopped.
   */
  listen(where: string | AddedListener): Promise<BoundListener>;
  /**
   * The same with a listening server of `node:net`, such as one on a socket that a service manager has opened. From here on its
   * connections come here, whatever was to be called for them. It is closed when this server stops; who closes it before takes
   * the listener away, and nothing else.
   */
  serve(listening: NetServer, how?: Omit<AddedListener, 'address'>): Promise<BoundListener>;
  /**
   * Takes another configuration (the same file is read anew). What is in flight ends under the old one. Rejects, changing
   * nothing, with a ConfigError or when an address cannot be had.
   */
  reload(config: ConfigInput | ConfigFileReference): Promise<readonly BoundListener[]>;
  /**
   * Stops accepting, lets connections without a request go, finishes what is in flight within `drain`, cuts the rest. Resolves when all is
   * closed, to the sessions that were cut with something under way. Final; who asks again gets the same promise.
   */
  stop(): Promise<readonly Session[]>;
  /** The same, with a time of its own, in milliseconds. */
  shutdown(deadlineMs: number): Promise<readonly Session[]>;
  /** The same at once: whatever is in flight is cut, also when a stop is waiting for it. */
  close(): Promise<readonly Session[]>;
  /** JSON-able: listeners, open sessions, exchanges in flight, each instance's health. */
  status(): ServerStatus;
}

/** A YAML file in place of an object. */
export interface ConfigFileReference {
  readonly file: string;
}

/** Serves every request of every host by one handler: a ServeMux, a function, or an object with `fetch`. */
export function createServer(handler: Handler, options?: HandlerServerOptions): EmbeddedServer;
/**
 * A front end for this program: the same routing, balancing and TLS as `portico run`, in this process and on this event loop.
 * Nothing is opened before `start`. Throws a ConfigError when the configuration is not good.
 *
 * `workers`, `admin` and `log` of the configuration belong to `portico run` and mean nothing here. Relative file names in
 * an object are relative to the working directory, in a file to that file.
 */
export function createServer(
  config: ConfigInput | ConfigFileReference,
  options?: ServerOptions,
): EmbeddedServer;
export function createServer(
  what: ConfigInput | ConfigFileReference | Handler,
  options: ServerOptions & HandlerServerOptions = {},
): EmbeddedServer {
  if (!isHandler(what)) return new Embedded(what, options);
  return new Embedded(handlerOnly(options), { ...options, handlers: { [ONLY_HANDLER]: what } });
}

function isHandler(what: object): what is Handler {
  return typeof what === 'function' || 'serve' in what || 'fetch' in what;
}

function handlerOnly(options: HandlerServerOptions): ConfigInput {
  const { listen = ':8080', certificates, tickets, trustedProxies, timeouts, limits, http2, drain } = options;
  const given = { certificates, tickets, trustedProxies, timeouts, limits, http2, drain };
  return {
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    listen: [typeof listen === 'string' ? { address: listen } : listen],
    defaultTenant: ONLY_HANDLER,
    tenants: { [ONLY_HANDLER]: { hosts: ['localhost'], routes: [{ handler: ONLY_HANDLER }] } },
  };
}

const ONLY_HANDLER = 'main';

/** A configuration that cannot be used. The message names every problem with its place, ready to print. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** All there are, in order of file and line. */
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(`the configuration is not good:\n${formatProblems(problems)}`);
    this.problems = problems;
  }
}

class Embedded implements EmbeddedServer {
  readonly #logger: Logger;
  readonly #server: Server;
  readonly #renewal: FileRenewal;
  readonly #handlers: ReadonlyMap<string, Handler>;
  readonly #tickets: TicketRotation;
  readonly #stapler: Stapler;
  /** What is to be done once it serves; undefined when it was. */
  #atFirst: (() => void) | undefined;
  /** Of a file; an object belongs to its program, which says when it is to be read anew. */
  #current: RenewableSettings | undefined;
  #reloaded: Promise<unknown> = Promise.resolve();

  constructor(config: ConfigInput | ConfigFileReference, options: ServerOptions) {
    const { logger = silentLogger, telemetry = noTelemetry, accessLog, modules, handlers = {} } = options;
    const { connState, baseContext, connContext } = options;
    const isHooked = (connState ?? baseContext ?? connContext) !== undefined;
    this.#handlers = new Map(Object.entries(handlers));
    this.#logger = logger;
    const loaded = this.#load(config);
    this.#current = 'file' in config ? loaded : undefined;
    this.#tickets = new TicketRotation(loaded.settings.tickets, (keys) => this.#server.setTicketKeys(keys));
    this.#server = createServerFromSettings(loaded.settings, {
      logger,
      telemetry,
      clock: systemClock,
      reusePort: false,
      ticketKeys: this.#tickets.keys,
      modules,
      handlers: this.#handlers,
      hooks: isHooked ? options : undefined,
      accessLog:
        accessLog && createAccessLog({ enabled: true, write: (line) => accessLog.write(line) }, systemClock),
    });
    this.#atFirst = () => this.#taken(loaded.settings);
    this.#stapler = new Stapler({ logger, changed: (staple) => this.#server.setStaple(staple) });
    this.#renewal = new FileRenewal({
      logger,
      due: () => void this.#inTurn(() => this.#renewal.run()),
      take: (renewed) => this.#takeRenewed(renewed),
    });
  }

  async start(): Promise<readonly BoundListener[]> {
    const listeners = await this.#server.start();
    this.#serves();
    return listeners;
  }

  async listen(where: string | AddedListener): Promise<BoundListener> {
    const { address, proxyProtocol, tls = false } = typeof where === 'string' ? { address: where } : where;
    const bound = await this.#server.listen({ ...readListener({ address, proxyProtocol }), tls });
    this.#serves();
    return bound;
  }

  async serve(
    listening: NetServer,
    { proxyProtocol, tls = false }: Omit<AddedListener, 'address'> = {},
  ): Promise<BoundListener> {
    const settings = readListener({ address: ':0', proxyProtocol });
    const bound = this.#server.serve(listening, { proxyProtocol: settings.proxyProtocol, tls });
    this.#serves();
    return bound;
  }

  #serves(): void {
    if (this.#atFirst === undefined) return;
    this.#follow();
    this.#atFirst();
    this.#atFirst = undefined;
  }

  /** In turn with changes of files, or an old file could win over a new configuration. */
  reload(config: ConfigInput | ConfigFileReference): Promise<readonly BoundListener[]> {
    return this.#inTurn(async () => {
      const next = this.#load(config);
      const listeners = await this.#server.reload(next.settings);
      this.#current = 'file' in config ? next : undefined;
      this.#taken(next.settings);
      this.#follow();
      return listeners;
    });
  }

  #taken(settings: Settings): void {
    this.#tickets.update(settings.tickets);
    void this.#stapler.follow(settings.certificates);
  }

  #follow(): void {
    if (this.#current === undefined) this.#renewal.rest();
    else this.#renewal.follow(this.#current);
  }

  async #takeRenewed(renewed: RenewableSettings): Promise<string | undefined> {
    try {
      await this.#server.reload(renewed.settings);
      this.#current = renewed;
      this.#taken(renewed.settings);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  #inTurn<T>(turn: () => Promise<T>): Promise<T> {
    const done = this.#reloaded.then(turn);
    this.#reloaded = done.catch(() => {});
    return done;
  }

  stop(): Promise<readonly Session[]> {
    return this.#stop(undefined);
  }

  shutdown(deadlineMs: number): Promise<readonly Session[]> {
    return this.#stop(deadlineMs);
  }

  close(): Promise<readonly Session[]> {
    return this.#stop(0);
  }

  #stop(drainMs: number | undefined): Promise<readonly Session[]> {
    this.#renewal.close();
    this.#tickets.stop();
    this.#stapler.close();
    return this.#server.stop(drainMs);
  }

  status(): ServerStatus {
    return this.#server.status();
  }

  #load(config: ConfigInput | ConfigFileReference): RenewableSettings {
    const loaded = loadRenewable((readFile) => this.#read(config, readFile));
    if (!loaded.ok) throw new ConfigError(loaded.problems);
    if (loaded.result.settings.acme.length > 0) throw new ConfigError([NO_ACME]);
    for (const { file, line, path, message } of loaded.result.warnings)
      this.#logger.warn({ file, line, path }, `configuration: ${message}`);
    return loaded.renewable;
  }

  #read(config: ConfigInput | ConfigFileReference, readFile: ReadFile): LoadResult {
    const options = {
      inspectCertificates: checkCertificates,
      inspectBackendTls: checkBackendTls,
      inspectModule,
      inspectTenantTls: checkTenantTls,
      judgeExpectations,
      handlers: new Set(this.#handlers.keys()),
      readFile,
    };
    return 'file' in config ? loadConfig(config.file, options) : loadSettings(config, options);
  }
}

/** By the same rules as in a configuration; throws a ConfigError. `tls` is left out: the certificates are elsewhere. */
function readListener(input: {
  address: string;
  proxyProtocol: AddedListener['proxyProtocol'];
}): ListenerSettings {
  const { address, proxyProtocol } = input;
  const loaded = loadSettings({ listen: [{ address, ...(proxyProtocol && { proxyProtocol }) }] });
  if (!loaded.ok) throw new ConfigError(loaded.problems);
  return loaded.settings.listeners[0]!;
}

/** Orders, renewals and what is kept on disk belong to one process that carries no traffic. */
const NO_ACME: Problem = {
  file: '',
  line: 0,
  column: 0,
  message: 'a server inside a program obtains no certificates by ACME',
  hint: 'let "portico run" obtain them, or give the files of another ACME client as cert and key',
  path: 'certificates',
};
