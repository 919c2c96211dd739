import { fileURLToPath } from 'node:url';
import { type Child, start } from './children.ts';
import { freePorts, waitForPort } from './ports.ts';

/** What may be the matter with one of the backends. */
export type Trouble = 'dies' | 'hangs' | 'slow' | 'flaps' | 'errors' | 'resets';

/** What proxies ask to see whether a backend is well. */
export const PROBE_PATH = '/healthz';

/** Backends, of which the first can be made to fail. */
export interface Fleet {
  readonly child: Child;
  readonly ports: readonly number[];
  /** It has had a trouble: proxies may still hold that against it. */
  hadTrouble: boolean;
  /** Where to ask for a trouble to begin. */
  urlOf(trouble: Trouble | 'well'): string;
  /** The number of requests that the backends have seen so far, without probes. */
  count(): Promise<number>;
}

const SIZE = 4;
const ORIGIN = fileURLToPath(new URL('./fleet-origin.ts', import.meta.url));
const START_TIMEOUT_MS = 10_000;

export async function startFleet(core: number | undefined): Promise<Fleet> {
  const [control = 0, ...ports] = await freePorts(SIZE + 1);
  const args = [ORIGIN, ...[control, ...ports].map(String)];
  const child = start({ file: process.execPath, args }, core);
  const deadline = Date.now() + START_TIMEOUT_MS;
  const giveUp = (): boolean => child.process.exitCode !== null || Date.now() > deadline;
  if (!(await waitForPort(control, giveUp))) throw new Error(`the fleet did not start: ${child.stderr()}`);
  const urlOf = (what: string): string => `http://127.0.0.1:${control}/${what}`;
  const count = async (): Promise<number> => Number(await (await fetch(urlOf('count'))).text());
  return { child, ports, hadTrouble: false, urlOf, count };
}
