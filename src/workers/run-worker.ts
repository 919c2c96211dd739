import { url as debuggerUrl } from 'node:inspector';
import type { Clock } from '../core/clock.ts';
import { openLineChannel } from '../telemetry/line-channel.ts';
import { createLogger } from '../telemetry/logger.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { tuneV8 } from './v8-tuning.ts';
import { type WorkerPorts, WorkerProcess } from './worker-process.ts';

/** Connects a worker to its process: messages, signals, standard output, last words. */
export function runWorker(createServer: WorkerPorts['createServer'], clock: Clock): void {
  tuneV8();
  const stdout = openLineChannel({ to: 1 });
  const primary = new PrimaryChannel();
  const worker = new WorkerProcess({
    stdout,
    clock,
    createServer,
    isDebugged: () => debuggerUrl() !== undefined,
    send: (message, sent) => primary.send(message, sent),
    exit: (code) => primary.exit(code),
  });

  process.on('message', (message: ToWorker) => worker.receive(message));
  // A terminal sends these to the whole process group, an init system to all of a unit: the primary decides what they mean.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1'] as const) process.on(signal, () => {});
  const fatal = (error: unknown): void => {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    createLogger('error', stdout).error({ reason: message, stack }, 'the worker failed and will be replaced');
    stdout.flushSync();
    process.exit(1);
  };
  process.on('uncaughtException', fatal);
  process.on('unhandledRejection', fatal);
  primary.send({ kind: 'online' });
}

/** Messages to the primary; an exit waits for those under way. Without a primary node:cluster ends the worker. */
class PrimaryChannel {
  #unsent = 0;
  #exitCode: number | undefined;

  send(message: FromWorker, sent?: () => void): void {
    if (!process.connected) return;
    this.#unsent += 1;
    process.send?.(message, undefined, undefined, () => {
      this.#unsent -= 1;
      sent?.();
      this.#exitWhenSent();
    });
  }

  exit(code: number): void {
    this.#exitCode = code;
    this.#exitWhenSent();
  }

  #exitWhenSent(): void {
    if (this.#exitCode !== undefined && this.#unsent === 0) process.exit(this.#exitCode);
  }
}
