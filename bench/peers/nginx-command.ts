import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '../children.ts';

/** How many requests may use one connection: more than any run makes. */
export const FOREVER = 1_000_000_000;

/** One worker in the foreground with everything below `directory`. `modules` and `sections` are parts of its configuration. */
export function nginxCommand(directory: string, sections: string, modules = ''): Command {
  const file = join(directory, 'nginx.conf');
  // As root, workers would drop to a user that cannot read our temporary folder.
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  writeFileSync(
    file,
    `${modules}
daemon off; ${user}
worker_processes 1;
pid ${join(directory, 'nginx.pid')};
error_log stderr error;
events { worker_connections 9000; }
${sections}
`,
  );
  return { file: 'nginx', args: ['-p', directory, '-e', 'stderr', '-c', file] };
}

/** The section for HTTP, with what proxy and origin have in common. */
export function httpSection(directory: string, content: string): string {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `  ${kind}_temp_path ${join(directory, kind)};`,
  );
  return `http {
${paths.join('\n')}
  keepalive_requests ${FOREVER};
  keepalive_timeout 75s;
  client_max_body_size 0;
  sendfile on;
  tcp_nopush on;
${content}
}`;
}
