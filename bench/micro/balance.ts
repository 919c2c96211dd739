/** What one choice costs, for each way to balance and for clusters of ten and a thousand instances. */
import { createBalancer } from '../../src/balance/create-balancer.ts';
import { Instance } from '../../src/balance/instance.ts';
import type { BalanceKind } from '../../src/core/settings.ts';
import { healthSettings } from '../../test/src/balance/cluster-settings.ts';

const CHOICES = 200_000;
const KINDS: readonly BalanceKind[] = [
  'round-robin',
  'least-connections',
  'random-two',
  'peak-ewma',
  'ring-hash',
  'maglev',
];

for (const count of [10, 1000]) {
  for (const kind of KINDS) {
    const health = healthSettings();
    const instances = Array.from({ length: count }, (_, i) => {
      const text = `10.0.${i >> 8}.${i & 255}:80`;
      return new Instance('web', { host: '', port: 80, text, weight: 1 + (i % 3) }, i, health);
    });
    const balancer = createBalancer(kind, instances);
    const run = (): number => {
      const started = process.cpuUsage();
      for (let i = 0; i < CHOICES; i++) {
        const instance = balancer.choose([], (i * 0x9e3779b9) >>> 0, i)!;
        instance.inFlight = i & 7;
      }
      const { user, system } = process.cpuUsage(started);
      return ((user + system) * 1000) / CHOICES;
    };
    run();
    console.log(
      `${kind.padEnd(18)} ${String(count).padStart(5)} instances  ${run().toFixed(0).padStart(6)} ns`,
    );
  }
}
