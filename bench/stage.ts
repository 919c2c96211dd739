/** What all contestants of a run share: where they run, the origin behind them, the certificate they show. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type CertificateFiles, makeCertificate } from './certificate.ts';
import { start } from './children.ts';
import { type Cores, chooseCores, findProgram } from './machine.ts';
import { type OriginPorts, prepareOrigin } from './origin.ts';
import { freePorts, waitForPort } from './ports.ts';

export interface Stage {
  readonly directory: string;
  readonly cores: Cores;
  readonly originPorts: OriginPorts;
  readonly certificate: CertificateFiles;
}

const ORIGIN_TIMEOUT_MS = 10_000;

/** Starts the origin, with everything below `directory`; throws an Error that says why it does not. */
export async function setStage(directory: string): Promise<Stage> {
  const cores = chooseCores();
  if (cores.proxy === undefined)
    console.log('not pinned to cores (needs taskset and two cores): figures are rough');
  const [http1 = 0, http2 = 0] = await freePorts(2);
  const originPorts = { 'http/1.1': http1, h2: http2 };
  const folder = join(directory, 'origin');
  mkdirSync(folder);
  const command = prepareOrigin(folder, originPorts);
  const origin = start({ ...command, file: findProgram(command.file) ?? command.file }, cores.load);
  const deadline = Date.now() + ORIGIN_TIMEOUT_MS;
  const giveUp = (): boolean => origin.process.exitCode !== null || Date.now() > deadline;
  if (!(await waitForPort(http2, giveUp))) throw new Error(`the origin did not start: ${origin.stderr()}`);
  return { directory, cores, originPorts, certificate: makeCertificate(directory, 'localhost') };
}
