/**
 * What each proxy is told about backends that may fail, as near to each other as their languages go; printed with the figures. In words:
 * 250 ms for a connection and 1 s for an answer; two retries, each on another backend, for whatever has gone wrong before an answer and for
 * 500; three failures in a row take a backend out, be it of requests or of probes; a probe every 500 ms, and two good ones bring it back.
 */
import { PROBE_PATH } from '../fleet.ts';

export const PORTICO_POLICY = `    timeouts: { connect: 250ms, responseHeader: 1s }
    retry: { attempts: 3, on: [connect-failure, connection-lost, timeout, 500], budget: 100% }
    health: { path: ${PROBE_PATH}, interval: 500ms, timeout: 1s, fail: 3, pass: 2, failOn: [500] }
`;

/** It has no budget of retries, and counts as failures of requests what \`observe\` does: no answer, and 5xx but 501 and 505. */
export const HAPROXY_POLICY = `  balance roundrobin
  timeout connect 250ms
  timeout server 1s
  timeout check 1s
  retries 2
  option redispatch 1
  retry-on conn-failure empty-response response-timeout 500
  option httpchk GET ${PROBE_PATH}
  default-server check inter 500ms fall 3 rise 2 observe layer7 error-limit 3 on-error mark-down
`;

/** It has no probes: a backend is out for a second after three failures within one, in a row or not, and is tried again with a request. */
export const NGINX_POLICY = `  proxy_connect_timeout 250ms;
  proxy_read_timeout 1s;
  proxy_next_upstream error timeout http_500;
  proxy_next_upstream_tries 3;
`;
export const NGINX_SERVER_POLICY = 'max_fails=3 fail_timeout=1s';
