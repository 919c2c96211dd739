/**
 * The backend of every peer: the cheapest HTTP server at hand, on the load generator's core, so that it never is what
 * is measured. nginx if it is installed, else a small server on node:http and node:http2.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from './children.ts';
import type { HttpVersion } from './load/load.ts';
import { findProgram } from './machine.ts';
import { httpSection, nginxCommand } from './peers/nginx-command.ts';

/** It speaks one version on each port; HTTP/2 with prior knowledge. */
export type OriginPorts = Readonly<Record<HttpVersion, number>>;

/** Answers with the Host and X-Forwarded-For it was sent: how a check sees that all peers forward the same. */
export const ECHO_PATH = '/echo-head';
/** Body sizes by path; every path not named here answers with the small body. */
export const BODIES: Readonly<Record<string, number>> = { '/64k': 64 * 1024, '/4m': 4 * 1024 * 1024 };
/** 128 bytes: a small JSON answer. */
export const SMALL_BODY: string = 'x'.repeat(128);
/** Answers with the small body when it has read the whole request. */
export const UPLOAD_PATH = '/upload';
/** The same as a unary call of gRPC: a message, then `grpc-status` in trailers. */
export const GRPC_PATH = '/grpc';
/** A message of 128 octets, not compressed, behind the five that say so. */
export const GRPC_MESSAGE: string = `\0\0\0\0\x80${SMALL_BODY}`;

/** Answers with a head alone: about a hundred octets, which to a relay are a small message. */
export const MESSAGE_PATH = '/message';

const NODE_ORIGIN = fileURLToPath(new URL('./node-origin.ts', import.meta.url));

/** Writes what the origin needs below `directory` and says how to start it. */
export function prepareOrigin(directory: string, ports: OriginPorts): Command {
  if (findProgram('nginx') === undefined)
    return { file: process.execPath, args: [NODE_ORIGIN, String(ports['http/1.1']), String(ports.h2)] };
  const root = join(directory, 'www');
  mkdirSync(root, { recursive: true });
  for (const [path, size] of Object.entries(BODIES)) writeFileSync(join(root, path), Buffer.alloc(size, 'x'));
  writeFileSync(join(root, UPLOAD_PATH), SMALL_BODY);
  writeFileSync(join(root, GRPC_PATH), GRPC_MESSAGE, 'latin1');
  const files = Object.keys(BODIES).map((path) => `    location = ${path} { root ${root}; }`);
  const content = `  access_log off;
  open_file_cache max=16 inactive=600s;
  open_file_cache_valid 600s;
  client_body_buffer_size 5m;
  server {
    listen 127.0.0.1:${ports['http/1.1']} backlog=4096;
    listen 127.0.0.1:${ports.h2} http2 backlog=4096;
    default_type text/plain;
    location = ${MESSAGE_PATH} { return 204; }
    location / { return 200 "${SMALL_BODY}"; }
    location = ${ECHO_PATH} { return 200 "$http_host $http_x_forwarded_for"; }
${files.join('\n')}
    location = /nothing { internal; return 204; }
${readFirst(UPLOAD_PATH, root, '')}
${readFirst(GRPC_PATH, root, 'default_type application/grpc; add_trailer grpc-status 0 always;')}
  }`;
  return nginxCommand(directory, httpSection(directory, content));
}

/**
 * nginx answers before it has read a request's body, unless something asks for the body: here a mirror that goes
 * nowhere. Files refuse POST with 405, which becomes their own content. Without sendfile, because in HTTP/2 it holds a
 * lone small answer back until the client acknowledges its head, 40 ms later.
 */
function readFirst(path: string, root: string, more: string): string {
  return `    location = ${path} { mirror /nothing; root ${root}; error_page 405 =200 ${path}; sendfile off; ${more} }`;
}
