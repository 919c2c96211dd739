import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { freePorts, waitForPort } from '../../bench/ports.ts';
import { commandPath } from './outside-judge.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** HAProxy with these sections, made for as many ports of loopback as are asked for; it ends with the test. Resolves to the ports. */
export async function startHaproxy(
  test: TestContext,
  portCount: number,
  sections: (ports: readonly number[]) => string,
): Promise<readonly number[]> {
  const ports = await freePorts(portCount);
  const file = join(temporaryDirectory(test), 'haproxy.cfg');
  writeFileSync(
    file,
    `global
  nbthread 1
  maxconn 100
defaults
  mode tcp
  timeout connect 5s
  timeout client 10s
  timeout server 10s
${sections(ports)}
`,
  );
  const haproxy = spawn(commandPath('haproxy')!, ['-db', '-f', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(haproxy, 'close');
  test.after(async () => {
    haproxy.kill();
    await ended;
  });
  for (const port of ports)
    if (!(await waitForPort(port, () => haproxy.exitCode !== null))) throw new Error('haproxy ended');
  return ports;
}
