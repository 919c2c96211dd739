/** A configuration of nginx that keeps everything below `directory`; `http` stands in its block of that name. */
export function nginxConfig(directory: string, http: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 1;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log;
events {}
http {
${temporary.map((name) => `  ${name}_temp_path ${directory}/${name};`).join('\n')}
  access_log off;
  proxy_http_version 1.1;
${http}
}
`;
}
