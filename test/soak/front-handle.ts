import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { FrontAnswer, FrontOrder, FrontSample } from './front-process.ts';

/** A front end in a process of its own, so that what is measured is nothing but it. */
export class FrontHandle {
  /** Of its listeners, in the order of the configuration. */
  ports: readonly number[] = [];
  readonly #child: ChildProcess = fork(resolve(import.meta.dirname, 'front-process.ts'), {
    execArgv: ['--expose-gc'],
  });

  async configure(yaml: string, files: Readonly<Record<string, string>>): Promise<void> {
    const answer = await this.#ask({ kind: 'configure', yaml, files });
    if (answer.kind === 'configured') this.ports = answer.ports;
  }

  /** Waits until nothing is in flight, for a time that no timeout of the configuration exceeds. */
  async settledSample(): Promise<FrontSample> {
    for (let i = 0; ; i++) {
      const sample = await this.sample();
      if (i === MAX_SAMPLES || (!sample.wheelTurns && sample.upstreamConnections === 0)) return sample;
    }
  }

  /** As it is now, behind a collection of garbage. */
  async sample(): Promise<FrontSample> {
    const answer = await this.#ask({ kind: 'sample' });
    if (answer.kind !== 'sampled') throw new Error('an answer out of order');
    return answer;
  }

  stop(): void {
    this.#child.disconnect();
  }

  async #ask(order: FrontOrder): Promise<FrontAnswer> {
    this.#child.send(order);
    const [answer] = (await once(this.#child, 'message')) as [FrontAnswer];
    if (answer.kind === 'failed') throw new Error(answer.reason);
    return answer;
  }
}

/** About 15 seconds. */
const MAX_SAMPLES = 50;
