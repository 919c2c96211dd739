import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfig } from '../../src/config/load.ts';
import { startFront } from '../support/front.ts';
import { freePortRange, H2SPECD_CASES, runH2specd } from '../support/http2-h2spec.ts';
import { commandMissing } from '../support/outside-judge.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

// h2specd, the other half of h2spec: one misbehaving server for each of its cases, each on a port of its own. All of them are backends
// of one front end, which is asked by curl: `/30017/` leads to the one on port 30017.

const isOffered = parseConfig(configFor([30_000]), 'portico.yaml').ok;
const skip = isOffered
  ? commandMissing('h2specd') || commandMissing('curl')
  : 'SKIPPED: HTTP/2 is not spoken to backends yet';

test('h2specd finds nothing wrong with what is spoken to backends', { skip }, async (t) => {
  const first = await freePortRange(H2SPECD_CASES);
  const ports = Array.from({ length: H2SPECD_CASES }, (_, i) => first + i);
  const front = await startFront(t, configFor(ports));
  const script = join(temporaryDirectory(t), 'ask');
  writeFileSync(script, askScript(front.port()));
  chmodSync(script, 0o755);

  const result = await runH2specd(first, script);

  assert.deepEqual(result.failures, [], result.output);
  assert.equal(result.failed, 0);
  assert.equal(result.passed + result.skipped, H2SPECD_CASES, result.output);
});

/** It is given `http://127.0.0.1:30017/`, and ends, whatever comes of it, before h2specd gives up. */
function askScript(port: number): string {
  return `#!/bin/sh
exec curl -q -s -m 20 -o /dev/null "http://127.0.0.1:${port}/\${1##*:}"
`;
}

function configFor(ports: readonly number[]): string {
  const routes = ports.map((port) => `      - { path: "/${port}/*", cluster: c${port} }`);
  const clusters = ports.map(
    (port) => `  c${port}: { protocol: h2c, instances: [{ address: "127.0.0.1:${port}" }] }`,
  );
  return `
listen: [{ address: "127.0.0.1:0" }]
drain: 50ms
defaultTenant: shop
tenants:
  shop:
    hosts: ["shop.example"]
    routes:
${routes.join('\n')}
clusters:
${clusters.join('\n')}
`;
}
