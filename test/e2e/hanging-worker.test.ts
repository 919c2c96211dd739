import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { PorticoProcess, writeConfig } from '../support/portico-process.ts';
import { startProbedOrigin } from '../support/probed-origin.ts';

/** Never comes back from a request for /loop. */
const MODULE = `export const moduleKind = {
  name: 'looping',
  create: () => ({
    decide: ({ head }) => {
      while (head.path === '/loop');
      return { kind: 'continue' };
    },
  }),
};
`;

test('a worker that hangs is killed and replaced, and probes go on', async (t) => {
  const origin = await startProbedOrigin(t, 'well');
  const file = writeConfig(`workers: 2
listen: [{ address: "127.0.0.1:0" }]
admin: { address: "127.0.0.1:0" }
log: { access: off }
modules: [{ use: ./looping.mjs }]
tenants:
  all: { hosts: ["127.0.0.1"], routes: [{ cluster: web }] }
clusters:
  web: { instances: [{ address: "${origin.address}" }], health: { path: /healthz, interval: 50ms } }
`);
  writeFileSync(join(dirname(file), 'looping.mjs'), MODULE);
  const portico = new PorticoProcess(['run', '-c', file]);
  t.after(() => portico.signal('SIGKILL'));
  await portico.ready();
  const before = (await portico.admin('/status')).json().workers;

  const hanging = get(portico.port(), '/loop').catch(() => 'cut');
  const line = JSON.parse(await portico.line(/worker does not answer for 10 s: it is killed/)) as {
    worker: number;
  };
  await portico.line(/worker ended: was killed by SIGKILL/);
  await portico.line(/worker is up again/);

  assert.equal(await hanging, 'cut');
  const { workers } = (await portico.admin('/status')).json();
  const victim = before.find(({ pid }) => pid === line.worker);
  assert.ok(victim !== undefined && workers.every(({ pid }) => pid !== victim.pid));
  for (let i = 0; i < 20; i++) assert.equal(await get(portico.port(), '/'), 'well');
  const { probes } = origin;
  await origin.until(() => origin.probes > probes + 2);
  assert.equal(await portico.stop(), 0);
});

async function get(port: number, path: string): Promise<string> {
  const call = request({ host: '127.0.0.1', port, path, agent: false });
  call.end();
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return text;
}
