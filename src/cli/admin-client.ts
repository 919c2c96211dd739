import { parseArgs } from 'node:util';
import { loadConfig } from '../config/load.ts';
import { formatProblems } from '../config/problem.ts';
import { sentenceOf } from '../core/sentence-of.ts';
import { askAdmin, connectableHost } from './ask-admin.ts';
import type { TextOutput } from './explain.ts';
import { defaultConfigFile } from './package-root.ts';

/** Commands that are one request to the admin address of a running server. */
export type AdminCommand = 'reload' | 'status' | 'drain';

/**
 * `portico reload | status | drain`. Resolves with the exit code: 0 done; 1 nothing answers, or something else than
 * Portico; 2 wrong arguments, or a configuration that was refused.
 */
export async function runAdminCommand(
  command: AdminCommand,
  args: readonly string[],
  out: TextOutput,
  err: TextOutput,
): Promise<number> {
  const target = findTarget(args);
  if ('problem' in target) {
    err.write(`${target.problem}\n`);
    return 2;
  }
  const { host, port } = target;
  try {
    const method = command === 'status' ? 'GET' : 'POST';
    const { status, body } = await askAdmin(method, `/${command}`, target, ANSWER_TIMEOUT_MS);
    if (status === 422) {
      err.write(`the running server refused the configuration and goes on as before:\n${body}`);
      return 2;
    }
    if (status !== 200 && status !== 202) {
      err.write(`${place(host, port)} answered ${status}: ${body}`);
      return 1;
    }
    const outcome = describe(command, status, body);
    if (outcome === undefined) return notPortico(err, host, port);
    out.write(outcome);
    return 0;
  } catch (error) {
    if (String((error as NodeJS.ErrnoException).code).startsWith('HPE_')) return notPortico(err, host, port);
    err.write(`nothing answers at the admin address ${place(host, port)}: ${sentenceOf(error)}\n`);
    err.write(`Is the server running? Another address: portico ${command} --admin HOST:PORT\n`);
    return 1;
  }
}

function notPortico(err: TextOutput, host: string, port: number): 1 {
  err.write(`what answers at ${place(host, port)} is no admin address of Portico\n`);
  return 1;
}

/** Undefined: that is nothing that Portico answers. */
function describe(command: AdminCommand, status: number, body: string): string | undefined {
  if (command === 'drain')
    return status === 202 ? 'stopping: the server finishes what is in flight and exits\n' : undefined;
  const generation = generationIn(body);
  if (generation === undefined) return undefined;
  return command === 'status' ? body : `reloaded: generation ${generation}\n`;
}

function generationIn(body: string): number | undefined {
  try {
    const { generation } = Object(JSON.parse(body)) as { generation?: unknown };
    return typeof generation === 'number' ? generation : undefined;
  } catch {
    return undefined;
  }
}

type Target = { readonly host: string; readonly port: number } | { readonly problem: string };

function findTarget(args: readonly string[]): Target {
  let values: { admin?: string; config?: string };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: { admin: { type: 'string' }, config: { type: 'string', short: 'c' } },
    }));
  } catch (error) {
    return { problem: (error as Error).message };
  }
  return values.admin === undefined
    ? addressFromConfig(values.config ?? defaultConfigFile())
    : parseAddress(values.admin);
}

function addressFromConfig(file: string): Target {
  const loaded = loadConfig(file);
  if (!loaded.ok) {
    const problems = formatProblems(loaded.problems);
    return {
      problem: `${problems}The admin address is taken from ${file}; or name it with --admin HOST:PORT`,
    };
  }
  const { admin } = loaded.settings;
  if (admin === undefined)
    return { problem: `${file} has no admin address; name one with --admin HOST:PORT` };
  if (admin.port === 0)
    return {
      problem: `${file} has port 0: the server says in its log which it took; name it with --admin HOST:PORT`,
    };
  return { host: connectableHost(admin.host), port: admin.port };
}

function parseAddress(text: string): Target {
  const [, host, digits] = /^(?:http:\/\/)?(?:\[?([^\]/]*?)\]?:)?(\d{1,5})\/?$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port < 1 || port > 65_535) {
    return { problem: `not an address: ${text} (write HOST:PORT, as in 127.0.0.1:8421)` };
  }
  return { host: host === undefined || host === '' ? '127.0.0.1' : host, port };
}

/** A reload waits for all workers, each of which has 30 s. */
const ANSWER_TIMEOUT_MS = 70_000;

function place(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
