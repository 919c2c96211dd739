import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressSettings } from '../core/settings.ts';
import { isForeign } from './admin-origin.ts';
import { ADMIN_PAGE_POLICY, renderAdminPage } from './admin-page.ts';
import type { AdminStatus, TrafficTotals } from './admin-status.ts';
import { EXPLAIN_PAGE_POLICY, type ExplainAnswer, renderExplainPage } from './explain-page.ts';
import { EXPOSITION_TYPE, renderExposition } from './exposition.ts';
import type { RegistrySnapshot } from './registry.ts';
import { trafficTotals } from './traffic-totals.ts';

/** What the admin listener asks of the process that it lives in. */
export interface AdminControl {
  /** All workers accept, and no stop has begun. */
  readonly ready: boolean;
  status(): Promise<AdminStatus>;
  metrics(): Promise<RegistrySnapshot>;
  reload(): Promise<ReloadOutcome>;
  /** Where a request would go now. */
  explain(query: URLSearchParams): ExplainAnswer;
  /** Begins a graceful stop and returns at once. */
  drain(): void;
}

export type ReloadOutcome =
  | { readonly ok: true; readonly generation: number }
  /** Nothing has changed. `report`: for people, with places. */
  | { readonly ok: false; readonly report: string };

/** The admin listener: health, metrics, status and reload over plain HTTP. It carries no traffic. */
export class AdminServer {
  readonly #control: AdminControl;
  readonly #now: () => number;
  readonly #server: Server;
  #host = '';
  /** Of the page's last showing, so that the next one can tell rates. */
  #totals: TrafficTotals | undefined;

  /** `now`: milliseconds since the epoch. */
  constructor(control: AdminControl, now: () => number = Date.now) {
    this.#control = control;
    this.#now = now;
    this.#server = createServer(SERVER_LIMITS, (request, response) => void this.#answer(request, response));
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.on('clientError', (_error, socket) => {
      if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n');
    });
  }

  /** Resolves with the port that was bound; rejects with the system's error. */
  listen(address: AddressSettings): Promise<number> {
    this.#host = address.host;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: address.host, port: address.port, exclusive: true }, () => {
        this.#server.off('error', reject);
        this.#server.on('error', () => {});
        const bound = this.#server.address();
        resolve(typeof bound === 'object' && bound !== null ? bound.port : address.port);
      });
    });
  }

  /** Takes no more requests; one being answered (a reload that moved this address) is finished. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
    });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // No body means anything here; a large one ends its connection.
    request.resume();
    response.setHeader('cache-control', 'no-store');
    response.setHeader('x-content-type-options', 'nosniff');
    try {
      const path = (request.url ?? '').split('?', 1)[0]!;
      const page = PAGES.get(path);
      if (page === undefined) {
        sendText(response, 404, `there is nothing here; try ${Array.from(PAGES.keys()).join(', ')}\n`);
      } else if (!page.methods.includes(request.method ?? '')) {
        response.setHeader('allow', page.methods.join(', '));
        sendText(response, 405, `${path} wants ${page.methods.join(' or ')}\n`);
      } else if (isForeign(request.headers, request.method ?? '', this.#host)) {
        sendText(response, 403, 'this request was made by a foreign page, or for a foreign name\n');
      } else {
        await this.#show(page.name, request, response);
      }
    } catch (error) {
      sendText(response, 500, `${error instanceof Error ? error.message : error}\n`);
    }
  }

  async #show(page: PageName, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const control = this.#control;
    switch (page) {
      case 'health':
        sendText(response, 200, 'alive\n');
        return;
      case 'readiness':
        sendText(response, control.ready ? 200 : 503, control.ready ? 'ready\n' : 'not ready\n');
        return;
      case 'metrics':
        send(response, 200, EXPOSITION_TYPE, renderExposition(await control.metrics()));
        return;
      case 'status':
        sendJson(response, 200, await control.status());
        return;
      case 'reload': {
        const outcome = await control.reload();
        if (outcome.ok) sendJson(response, 200, { generation: outcome.generation });
        else sendText(response, 422, outcome.report);
        return;
      }
      case 'explain':
        this.#explain(request, response);
        return;
      case 'drain':
        response.setHeader('connection', 'close');
        sendJson(response, 202, { state: 'draining' });
        control.drain();
        return;
      case 'page': {
        const [status, metrics] = await Promise.all([control.status(), control.metrics()]);
        const totals = trafficTotals(metrics, this.#now());
        const page = renderAdminPage(status, totals, this.#totals);
        // Two viewers at once must not make each other's intervals too short to mean anything.
        if (this.#totals === undefined || totals.at - this.#totals.at >= MIN_RATE_INTERVAL_MS) {
          this.#totals = totals;
        }
        response.setHeader('content-security-policy', ADMIN_PAGE_POLICY);
        send(response, 200, 'text/html; charset=utf-8', page);
        return;
      }
    }
  }

  /** JSON for programs, a page with a form for browsers. */
  #explain({ url = '', headers }: IncomingMessage, response: ServerResponse): void {
    const question = url.indexOf('?');
    const query = new URLSearchParams(question < 0 ? '' : url.slice(question + 1));
    const isPage = (headers.accept ?? '').includes('text/html');
    const answer = isPage && query.size === 0 ? undefined : this.#control.explain(query);
    const status = answer?.ok === false ? 400 : 200;
    if (isPage) {
      response.setHeader('content-security-policy', EXPLAIN_PAGE_POLICY);
      send(response, status, 'text/html; charset=utf-8', renderExplainPage(query, answer));
    } else if (answer?.ok === true) sendJson(response, 200, answer.decision);
    else sendText(response, status, `${answer?.problem}\n`);
  }
}

type PageName = 'page' | 'health' | 'readiness' | 'metrics' | 'status' | 'explain' | 'reload' | 'drain';

const READ = ['GET', 'HEAD'];

const PAGES: ReadonlyMap<string, { readonly name: PageName; readonly methods: readonly string[] }> = new Map([
  ['/', { name: 'page', methods: READ }],
  ['/healthz', { name: 'health', methods: READ }],
  ['/readyz', { name: 'readiness', methods: READ }],
  ['/metrics', { name: 'metrics', methods: READ }],
  ['/status', { name: 'status', methods: READ }],
  ['/explain', { name: 'explain', methods: READ }],
  ['/reload', { name: 'reload', methods: ['POST'] }],
  ['/drain', { name: 'drain', methods: ['POST'] }],
]);

/** Scrapers, probes and a few people; more is a mistake or an attack. */
const MAX_CONNECTIONS = 64;
/** Requests are a line and a few fields; who needs longer than this to send one is not an operator. */
const SERVER_LIMITS = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  keepAliveTimeout: 5_000,
};
const MIN_RATE_INTERVAL_MS = 1_000;

function sendText(response: ServerResponse, status: number, text: string): void {
  send(response, status, 'text/plain; charset=utf-8', text);
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, 'application/json', `${JSON.stringify(value, undefined, 2)}\n`);
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
