import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts, waitForPort } from '../../../bench/ports.ts';
import { commandPath } from '../../support/outside-judge.ts';

/** A program that stands in front of the origins. */
export interface FrontKind {
  readonly name: string;
  /** Command and arguments that print the version. */
  readonly version: readonly [command: string, argument: string];
  /** How many lanes one process serves; more lanes take more processes. */
  readonly lanesPerProcess: number;
  /** Writes what the program needs into `directory` and says how to start it. */
  prepare(directory: string, routes: readonly Route[]): readonly string[];
}

export interface Route {
  readonly port: number;
  readonly originPort: number;
}

/** What stands behind a front. */
interface Origin {
  /** Resolves with its port. */
  listen(): Promise<number>;
  close(): void;
}

/** One way into a front, with an origin of its own behind it. */
export interface Lane<O> {
  readonly port: number;
  readonly origin: O;
}

/** A started front: its lanes, and how to end it with its origins. */
interface Front<O> {
  readonly lanes: readonly Lane<O>[];
  stop(): Promise<void>;
}

/** The command line of Portico. */
export const MAIN: string = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

/** The version in the program's own words, or undefined when it is not installed. */
export function versionOf({ version: [command, argument] }: FrontKind): string | undefined {
  const path = commandPath(command);
  if (path === undefined) return undefined;
  const { status, stdout, stderr } = spawnSync(path, [argument], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  return /v?(\d+\.\d+(?:\.\d+)?)/.exec(stdout + stderr)?.[1];
}

/** What the first of the kinds, which is Portico, and the others did; undefined is who is not installed. */
interface Asked<A> {
  /** Names and versions of the others. */
  readonly peers: readonly string[];
  readonly own: A;
  readonly others: readonly (A | undefined)[];
}

/** Asks all kinds at once. All of them end, and with them the processes, before one that failed is reported. */
export async function askAll<A>(
  kinds: readonly FrontKind[],
  ask: (kind: FrontKind) => Promise<A>,
): Promise<Asked<A>> {
  const versions = kinds.map(versionOf);
  const settled = await Promise.allSettled(
    kinds.map(async (kind, at) => (versions[at] === undefined ? undefined : ask(kind))),
  );
  const [own, ...others] = settled.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
  const peers = kinds.map(({ name }, at) => `${name} ${versions[at] ?? '(not installed)'}`).slice(1);
  return { peers, own: own!, others };
}

/** Starts a front and asks it for all cases, as many at once as it has lanes. */
export async function askCases<O extends Origin, C, A>(
  kind: FrontKind,
  lanes: number,
  origin: () => O,
  cases: readonly C[],
  ask: (lane: Lane<O>, one: C) => Promise<A>,
): Promise<A[]> {
  const front = await startFront(kind, lanes, origin);
  const given: A[] = [];
  const waiting = cases.entries();
  const work = async (lane: Lane<O>) => {
    for (const [index, one] of waiting) given[index] = await ask(lane, one);
  };
  try {
    await Promise.all(front.lanes.map(work));
  } finally {
    await front.stop();
  }
  return given;
}

async function startFront<O extends Origin>(
  kind: FrontKind,
  lanes: number,
  origin: () => O,
): Promise<Front<O>> {
  const origins = Array.from({ length: lanes }, origin);
  const originPorts = await Promise.all(origins.map((each) => each.listen()));
  const routes = (await freePorts(lanes)).map((port, i) => ({ port, originPort: originPorts[i]! }));
  const processes: Started[] = [];
  for (let i = 0; i < lanes; i += kind.lanesPerProcess)
    processes.push(start(kind, routes.slice(i, i + kind.lanesPerProcess)));
  const stop = async () => {
    for (const each of origins) each.close();
    await Promise.all(processes.map(end));
  };
  const isDead = () => processes.some(({ child }) => child.exitCode !== null);
  for (const { port } of routes) {
    if (await waitForPort(port, isDead)) continue;
    await stop();
    throw new Error(`${kind.name} did not start`);
  }
  return { lanes: routes.map(({ port }, i) => ({ port, origin: origins[i]! })), stop };
}

interface Started {
  readonly child: ChildProcess;
  readonly directory: string;
}

function start(kind: FrontKind, routes: readonly Route[]): Started {
  const directory = mkdtempSync(join(tmpdir(), 'strictness-'));
  const [command, ...args] = kind.prepare(directory, routes) as [string, ...string[]];
  const env = { ...process.env, HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory };
  const child = spawn(commandPath(command)!, args, {
    cwd: directory,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return { child, directory };
}

async function end({ child, directory }: Started): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    const patience = setTimeout(() => child.kill('SIGKILL'), 5000);
    await exited;
    clearTimeout(patience);
  }
  rmSync(directory, { recursive: true, force: true });
}
