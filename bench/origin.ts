/**
 * The backend of every peer: the cheapest HTTP server at hand, on the load generator's core, so that it never is what
 * is measured. nginx if it is installed, else a small node:http server.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from './children.ts';
import { findProgram } from './machine.ts';
import { nginxCommand } from './peers/nginx.ts';

/** Answers with the Host and X-Forwarded-For it was sent: how a check sees that all peers forward the same. */
export const ECHO_PATH = '/echo-head';
/** Body sizes by path; every other path answers with the small body. */
export const BODIES: Readonly<Record<string, number>> = { '/64k': 64 * 1024, '/4m': 4 * 1024 * 1024 };
/** 128 bytes: a small JSON answer. */
export const SMALL_BODY: string = 'x'.repeat(128);

const NODE_ORIGIN = fileURLToPath(new URL('./node-origin.ts', import.meta.url));

/** Writes what the origin needs below `directory` and says how to start it. */
export function prepareOrigin(directory: string, port: number): Command {
  if (findProgram('nginx') === undefined)
    return { file: process.execPath, args: [NODE_ORIGIN, String(port)] };
  const root = join(directory, 'www');
  mkdirSync(root, { recursive: true });
  for (const [path, size] of Object.entries(BODIES)) writeFileSync(join(root, path), Buffer.alloc(size, 'x'));
  const files = Object.keys(BODIES).map((path) => `    location = ${path} { root ${root}; }`);
  return nginxCommand(
    directory,
    `  access_log off;
  open_file_cache max=16 inactive=600s;
  open_file_cache_valid 600s;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    default_type text/plain;
    location / { return 200 "${SMALL_BODY}"; }
    location = ${ECHO_PATH} { return 200 "$http_host $http_x_forwarded_for"; }
${files.join('\n')}
  }`,
  );
}
