import { request } from 'node:http';

export interface AdminAnswer {
  readonly status: number;
  readonly body: string;
}

/** One request to an admin address; rejects when nothing answers within `timeoutMs`. */
export function askAdmin(
  method: 'GET' | 'POST',
  path: string,
  { host, port }: { readonly host: string; readonly port: number },
  timeoutMs: number,
): Promise<AdminAnswer> {
  return new Promise((resolve, reject) => {
    const call = request({ host, port, method, path, timeout: timeoutMs }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', reject);
    });
    call.on('timeout', () => call.destroy(new Error(`no answer for ${timeoutMs / 1000} s`)));
    call.on('error', reject);
    call.end();
  });
}

/** An address for all interfaces is not one to connect to. */
export function connectableHost(host: string): string {
  if (host === '::') return '::1';
  return host === '0.0.0.0' ? '127.0.0.1' : host;
}
