import { bench, run } from 'mitata';
import { createTelemetry } from '../../src/telemetry/metrics.ts';
import { Registry } from '../../src/telemetry/registry.ts';
import { finishedExchange } from '../../test/support/finished-exchange.ts';

/** The cost of counting one exchange. */
const telemetry = createTelemetry(new Registry());
const tenants = Array.from({ length: 50 }, (_, i) => ({ name: `tenant-${i}` }));
const cluster = { name: 'web' };
const one = finishedExchange();
const many = tenants.map((tenant) => finishedExchange({ tenant, cluster }));
let next = 0;

bench('the same cluster again', () => {
  telemetry.exchangeStarted();
  telemetry.exchangeFinished(one);
});
bench('50 tenants in turn', () => {
  telemetry.exchangeStarted();
  telemetry.exchangeFinished(many[next++ % many.length]!);
});

await run();
