import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** `portico …` as a process of its own, with what it printed. */
export class PorticoProcess {
  readonly child: ChildProcess;
  readonly lines: string[] = [];
  stderr = '';
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  readonly #waiting = new Set<() => void>();
  #rest = '';

  /**
   * `isGroup`: with a process group of its own, as a shell gives it. `main`: what to run in place of the sources, e.g. the program
   * of an installed package. `directory`: where it is started.
   */
  constructor(
    args: readonly string[],
    options: { readonly isGroup?: boolean; readonly main?: string; readonly directory?: string } = {},
  ) {
    this.child = spawn(process.execPath, [options.main ?? MAIN, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: options.isGroup ?? false,
      ...(options.directory === undefined ? {} : { cwd: options.directory }),
    });
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => this.#receive(text));
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.exited = once(this.child, 'close').then(([code, signal]) => {
      for (const look of this.#waiting) look();
      return { code, signal };
    });
  }

  /** The first line, from now or from before, that matches; rejects when the process ends without one. */
  line(pattern: RegExp, from = 0): Promise<string> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = this.lines.slice(from).find((line) => pattern.test(line));
        if (found !== undefined) resolve(found);
        else if (this.child.exitCode !== null || this.child.signalCode !== null) {
          reject(new Error(`ended without ${pattern}:\n${this.lines.join('\n')}\n${this.stderr}`));
        } else return;
        this.#waiting.delete(look);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** Resolves when all workers accept. */
  async ready(): Promise<this> {
    await this.line(/ready/);
    return this;
  }

  /** Of the n-th listener. */
  port(index = 0): number {
    const announced = this.lines.filter((line) => line.includes('listening on'));
    return (JSON.parse(announced[index]!) as { port: number }).port;
  }

  get adminPort(): number {
    const announced = this.lines.find((line) => line.includes('admin on'));
    return (JSON.parse(announced!) as { port: number }).port;
  }

  async admin(
    path: string,
    method = 'GET',
  ): Promise<{ status: number; text: string; json: () => AdminJson }> {
    const response = await fetch(`http://127.0.0.1:${this.adminPort}${path}`, {
      method,
      headers: { connection: 'close' },
    });
    const text = await response.text();
    return { status: response.status, text, json: () => JSON.parse(text) as AdminJson };
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Resolves with the exit code. */
  async stop(): Promise<number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.signal('SIGTERM');
    return (await this.exited).code;
  }

  #receive(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    this.lines.push(...lines);
    for (const look of this.#waiting) look();
  }
}

/** What tests read of /status and of the answer to /reload. */
export interface AdminJson {
  readonly generation: number;
  readonly state: string;
  readonly sessions: number;
  readonly listeners: readonly { readonly text: string; readonly port: number }[];
  readonly workers: readonly {
    readonly slot: number;
    readonly pid: number;
    readonly state: string;
    readonly restarts: number;
    readonly probes: boolean;
  }[];
  readonly clusters: readonly {
    readonly name: string;
    readonly instances: readonly {
      readonly address: string;
      readonly state: string;
      readonly inFlight: number;
    }[];
  }[];
  readonly lastReload?: { readonly ok: boolean; readonly report: string };
}

/** A configuration in a directory of its own; returns the file. */
export function writeConfig(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'portico-')), 'portico.yaml');
  writeFileSync(file, text);
  return file;
}

/** One plain listener, one cluster, all on ports the system chooses. */
export function smallConfig(origin: number, extra = ''): string {
  return `workers: 2
drain: 2s
listen: [{ address: "127.0.0.1:0" }]
admin: { address: "127.0.0.1:0" }
log: { access: off }
tenants:
  all: { hosts: ["*.example.org", "127.0.0.1"], routes: [{ cluster: web }] }
defaultTenant: all
clusters:
  web: { instances: [{ address: "127.0.0.1:${origin}" }] }
${extra}`;
}
