/**
 * What a reload costs a worker, which has traffic to carry meanwhile: 10,000 tenants, each with a cluster of its own, of which one tenant
 * has changed, or one of both, or all.
 */

import { parseConfig } from '../../src/config/load.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import type { Settings } from '../../src/core/settings.ts';
import { noTelemetry } from '../../src/core/telemetry.ts';
import { createServerFromSettings } from '../../src/server.ts';

const TENANTS = 10_000;
const RELOADS = 20;

let settings = settingsOf(TENANTS);
const server = createServerFromSettings(settings, {
  clock: systemClock,
  telemetry: noTelemetry,
  logger: silentLogger,
  reusePort: false,
});
await server.start();
for (const [what, change] of [
  ['one tenant', changeTenant],
  ['one tenant and one cluster', (before: Settings) => changeCluster(changeTenant(before))],
  ['all of them', changeAll],
] as const) {
  const times: number[] = [];
  for (let i = 0; i < RELOADS; i++) {
    settings = change(settings);
    const before = process.cpuUsage();
    await server.reload(settings);
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  const median = times.toSorted((a, b) => a - b)[RELOADS / 2]!;
  console.log(`${what.padEnd(28)} ${median.toFixed(0).padStart(5)} ms of CPU`);
}
await server.stop(0);

function changeTenant({ tenants, ...others }: Settings): Settings {
  return { ...others, tenants: tenants.with(1, { ...tenants[1]! }) };
}

function changeCluster({ clusters, ...others }: Settings): Settings {
  return { ...others, clusters: clusters.with(2, { ...clusters[2]! }) };
}

function changeAll({ tenants, clusters, ...others }: Settings): Settings {
  return {
    ...others,
    tenants: tenants.map((tenant) => ({ ...tenant })),
    clusters: clusters.map((cluster) => ({ ...cluster })),
  };
}

function settingsOf(count: number): Settings {
  const names = Array.from({ length: count }, (_, i) => `t${i}`);
  const tenants = names.map(
    (name) => `  ${name}:
    hosts: ["${name}.example.org", "*.${name}.example.org"]
    routes: [{ path: "/api/*", cluster: ${name} }, { path: "/static/*", cluster: ${name} }, { cluster: ${name} }]`,
  );
  const clusters = names.map(
    (name) => `  ${name}: { instances: [{ address: "127.0.0.1:9001" }, { address: "127.0.0.1:9002" }] }`,
  );
  const text = ['listen: [{ address: "127.0.0.1:0" }]', 'tenants:', ...tenants, 'clusters:', ...clusters];
  const result = parseConfig(text.join('\n'), 'reload.yaml');
  if (!result.ok) throw new Error(result.problems[0]?.message);
  return result.settings;
}
