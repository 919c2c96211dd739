import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sentenceOf } from '../core/sentence-of.ts';
import type { AddressSettings, Settings } from '../core/settings.ts';
import type { FleetAnswer, FleetRequest } from './demo-fleet.ts';
import type { TextOutput } from './explain.ts';
import { loadForRun } from './load-for-run.ts';
import { makeLocalCertificates } from './local-certificates.ts';
import { packageRoot } from './package-root.ts';
import { isOwnConfiguration } from './prepare-configuration.ts';
import { runServer } from './run.ts';

/**
 * `portico demo` (`npm start`): makes the certificates of the default configuration, starts a backend for each instance on
 * this machine, runs, and says what to try. Resolves with the exit code.
 */
export async function runDemo(file: string, out: TextOutput, err: TextOutput): Promise<number> {
  const directory = certificatesOf(file);
  let authorityFile = '';
  try {
    // Beside a file that is not there nothing is made.
    if (existsSync(file)) authorityFile = makeLocalCertificates(directory, out);
  } catch (error) {
    err.write(`${sentenceOf(error)}\n  hint: the demonstration makes its certificates in ${directory}\n`);
    return 1;
  }
  const loaded = loadForRun(file, undefined);
  if (!loaded.ok) {
    err.write(loaded.report);
    return 2;
  }
  const fleet = await startFleet(loaded.settings);
  if (fleet.refusals.length > 0) {
    fleet.end();
    const advice = `Other ports: copy ${file}, change the addresses of its instances, and run npm start -- -c COPY`;
    err.write(`${fleet.refusals.join('\n')}\n${advice}\n`);
    return 1;
  }
  const code = await runServer({
    file,
    workers: undefined,
    pretty: true,
    announce: (settings) => whatToTry(settings, authorityFile),
  });
  fleet.end();
  return code;
}

/** Those of an example lie elsewhere than those of the configuration that somebody has copied. */
function certificatesOf(file: string): string {
  const root = packageRoot();
  return isOwnConfiguration(file, root) ? join(root, 'certs') : join(dirname(file), '..', 'certs');
}

interface RunningFleet {
  readonly refusals: readonly string[];
  end(): void;
}

async function startFleet(settings: Settings): Promise<RunningFleet> {
  const entry = new URL(`./demo-fleet${extname(import.meta.url)}`, import.meta.url);
  const child: ChildProcess = fork(fileURLToPath(entry), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const request: FleetRequest = { addresses: localInstances(settings) };
  child.send(request);
  const answer = await new Promise<FleetAnswer>((resolve) => {
    child.once('message', (message: FleetAnswer) => resolve(message));
    child.once('exit', () => resolve({ refusals: ['the demo backends could not be started'] }));
  });
  return {
    refusals: answer.refusals,
    end() {
      if (child.connected) child.disconnect();
    },
  };
}

/** Each address once; instances elsewhere are somebody's real ones. */
function localInstances(settings: Settings): AddressSettings[] {
  const local = new Map<string, AddressSettings>();
  for (const { instances } of settings.clusters) {
    for (const { host, port, text } of instances) {
      if (host === '127.0.0.1' || host === '::1' || host === 'localhost')
        local.set(text, { host, port, text });
    }
  }
  return Array.from(local.values());
}

function whatToTry(settings: Settings, authorityFile: string): string {
  const plain = settings.listeners.find(({ tls, stream }) => !tls && stream === undefined);
  const secure = settings.listeners.find((listener) => listener.tls);
  const lines = ['', 'Try:'];
  if (plain !== undefined) {
    lines.push(
      `  curl http://localhost:${plain.port}/`,
      `  curl http://localhost:${plain.port}/api/cart`,
      `  curl -d 'hello' http://localhost:${plain.port}/echo`,
      `  curl -N http://localhost:${plain.port}/stream`,
    );
  }
  if (secure !== undefined) {
    const resolve = `--resolve shop.example.org:${secure.port}:127.0.0.1`;
    lines.push(`  curl --cacert ${shown(authorityFile)} ${resolve} https://shop.example.org:${secure.port}/`);
  }
  if (settings.admin !== undefined) {
    lines.push(`  http://${settings.admin.text}/ in a browser: health, traffic, certificates`);
  }
  lines.push('Ctrl-C ends it all.', '', '');
  return lines.join('\n');
}

function shown(file: string): string {
  const shorter = relative('.', file);
  return shorter.startsWith('..') ? file : shorter;
}
