import type { Http2Client } from './http2-client.ts';

/** A client that asks for one thing after the other on one connection, and notes every answer that is not good. */
export class WellBehaved {
  answers = 0;
  /** Milliseconds of the slowest. */
  slowestMs = 0;
  readonly failures: string[] = [];
  #stopping = false;
  readonly #work: Promise<void>;

  constructor(client: Http2Client, path: string) {
    client.log.keeps = false;
    this.#work = this.#ask(client, path);
  }

  /** Resolves when the answer that is due has come. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#work;
  }

  async #ask(client: Http2Client, path: string): Promise<void> {
    while (!this.#stopping) {
      const started = performance.now();
      const { status, body, reset } = await client.get(path).catch((error: Error) => {
        this.#stopping = true;
        return { status: 0, body: error.message, reset: undefined };
      });
      this.slowestMs = Math.max(this.slowestMs, performance.now() - started);
      if (status === 200 && body === 'well') this.answers += 1;
      else this.failures.push(`${status} ${reset} ${body}`);
    }
  }
}
