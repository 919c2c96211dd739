import type { Settings } from '../core/settings.ts';
import { type LineChannel, openLineChannel } from '../telemetry/line-channel.ts';
import { prettyLineChannel } from '../telemetry/pretty-line-channel.ts';
import { PairMemory } from '../tls/pair-memory.ts';
import { workerForker } from '../workers/fork-worker.ts';
import { OutputRelay } from '../workers/output-relay.ts';
import { type Loaded, Primary } from '../workers/primary.ts';
import { loadForRun } from './load-for-run.ts';
import { packageVersion } from './package-root.ts';

export interface RunOptions {
  readonly file: string;
  /** In place of the configuration's number. */
  readonly workers: number | undefined;
  /** Lines for people instead of JSON. */
  readonly pretty: boolean;
  /** What to print when all workers accept. */
  readonly announce?: (settings: Settings) => string;
}

/** `portico run`: from the first look at the configuration to the end of the last worker. Resolves with the exit code. */
export async function runServer(options: RunOptions): Promise<number> {
  const plain: LineChannel = openLineChannel({ to: 1, onDrain: () => relay.resume() });
  const stdout = options.pretty ? prettyLineChannel(plain) : plain;
  const relay = new OutputRelay(stdout);
  const memory = new PairMemory();
  let settings: Settings | undefined;
  const primary = new Primary({
    load(): Loaded {
      const loaded = loadForRun(options.file, options.workers, memory);
      if (loaded.ok) settings = loaded.settings;
      return loaded;
    },
    leaves: memory.leaves,
    configFile: options.file,
    version: packageVersion(),
    stdout,
    fork: workerForker(relay),
    outputEnded: () => relay.ended(),
  });
  obeySignals(primary);

  const started = await primary.start();
  if (started.ok && primary.ready && options.announce !== undefined && settings !== undefined) {
    stdout.write(options.announce(settings));
    stdout.flush();
  }
  const code = started.ok ? await started.stopped : started.code;
  await stdout.close();
  if (!started.ok) process.stderr.write(started.report);
  return code;
}

function obeySignals(primary: Primary): void {
  const stop = (): void => void primary.stop();
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // The outcome is in the log and on the admin page.
  process.on('SIGHUP', () => void primary.reload());
  process.on('SIGUSR1', () => primary.reopenLogs());
}
