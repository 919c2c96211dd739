import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { freePorts, waitForPort } from '../../bench/ports.ts';
import { commandPath } from './outside-judge.ts';

/** nginx serving these files (by name; `index.html` is `/`), as a backend; it ends with the test. Resolves to its port. */
export async function startNginxBackend(
  test: TestContext,
  files: Readonly<Record<string, string>>,
): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'portico-nginx-'));
  const [port] = (await freePorts(1)) as [number];
  mkdirSync(join(directory, 'site'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, 'site', name), content);
  const configFile = join(directory, 'nginx.conf');
  writeFileSync(configFile, nginxConfig(directory, port));
  const nginx = spawn(commandPath('nginx')!, ['-p', directory, '-c', configFile], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(nginx, 'close');
  test.after(async () => {
    nginx.kill();
    await ended;
    rmSync(directory, { recursive: true });
  });
  if (!(await waitForPort(port, () => nginx.exitCode !== null))) throw new Error('nginx ended');
  return port;
}

function nginxConfig(directory: string, port: number): string {
  // Everything that a user without rights may not write to elsewhere.
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${directory}/nginx.pid;
error_log stderr error;
events {}
http {
${temporary.map((kind) => `  ${kind}_temp_path ${directory}/${kind};`).join('\n')}
  access_log off;
  server { listen 127.0.0.1:${port}; root ${directory}/site; }
}
`;
}
