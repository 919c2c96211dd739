/** nginx as a relay of streams: its stream module, which Debian has in a package of its own. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '../machine.ts';
import type { Plan } from './peer.ts';

/** Buffers as large as those for HTTP: a quarter cheaper for bulk than the 16 KiB that it has by itself. */
export function streamSection({ plainPort, tlsPort, originPort, certificate }: Plan): string {
  return `stream {
  ssl_protocols TLSv1.3;
  ssl_certificate ${certificate.cert};
  ssl_certificate_key ${certificate.key};
  proxy_buffer_size 64k;
  proxy_connect_timeout 2s;
  upstream origin { server 127.0.0.1:${originPort}; }
  server {
    listen 127.0.0.1:${plainPort} backlog=4096;
    proxy_pass origin;
  }
  server {
    listen 127.0.0.1:${tlsPort} ssl backlog=4096;
    proxy_pass origin;
  }
}`;
}

/**
 * The directive that loads the module; empty where it is built in. Throws a sentence where it is missing. `built` is how nginx says
 * that it was built.
 */
export function streamModule(built: string = askHowBuilt()): string {
  if (/ --with-stream( |$)/m.test(built)) return '';
  const folder = / --modules-path=(\S+)/.exec(built)?.[1];
  const file = join(folder ?? '', 'ngx_stream_module.so');
  if (folder !== undefined && existsSync(file)) return `load_module ${file};`;
  throw new Error('the stream module of nginx is not installed (Debian: libnginx-mod-stream)');
}

/** It prints this to stderr. */
function askHowBuilt(): string {
  const command = ['-c', '"$0" -V 2>&1', findProgram('nginx') ?? 'nginx'];
  return execFileSync('/bin/sh', command, { timeout: 5000 }).toString();
}
