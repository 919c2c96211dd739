import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

/** A backend that counts its probes (GET /healthz), and answers them as it is told, whatever it does with requests. */
export class ProbedOrigin {
  readonly address: string;
  /** Probes that came. */
  probes = 0;
  /** How probes are answered; `hold`: not yet. */
  health: 'well' | 'ill' | 'hold' = 'well';
  /** Requests are cut off instead of answered with the name. */
  isBroken = false;
  readonly #name: string;
  readonly #held = new Set<ServerResponse>();
  readonly #waiting = new Set<() => void>();

  constructor(name: string, address: string) {
    this.#name = name;
    this.address = address;
  }

  /** Probes that have no answer, and whose sender still waits for one. */
  get held(): number {
    return this.#held.size;
  }

  /** Those that are held too. */
  answer(health: 'well' | 'ill'): void {
    this.health = health;
    for (const response of this.#held) this.#answer(response);
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  receive({ url }: IncomingMessage, response: ServerResponse): void {
    if (url?.startsWith('/healthz') !== true) {
      if (this.isBroken) response.destroy();
      else response.end(this.#name);
      return;
    }
    this.probes += 1;
    this.#held.add(response);
    response.on('close', () => {
      this.#held.delete(response);
      this.#changed();
    });
    if (this.health !== 'hold') this.#answer(response);
    this.#changed();
  }

  #answer(response: ServerResponse): void {
    response.writeHead(this.health === 'well' ? 200 : 500, { 'content-length': 0 }).end();
  }

  #changed(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }
}

export async function startProbedOrigin(test: TestContext, name: string): Promise<ProbedOrigin> {
  const server = createServer((request, response) => origin.receive(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  test.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const origin = new ProbedOrigin(name, `127.0.0.1:${(server.address() as AddressInfo).port}`);
  return origin;
}
