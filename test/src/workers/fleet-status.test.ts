import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstanceStatus } from '../../../src/core/server.ts';
import { renderExposition } from '../../../src/telemetry/exposition.ts';
import { mergeClusters } from '../../../src/workers/fleet-status.ts';
import { PrimaryMetrics } from '../../../src/workers/primary-metrics.ts';
import { counts, serverStatus, workerReport } from '../../support/fake-worker.ts';

test('sums what the workers see of an instance, and tells when they do not agree on its health', () => {
  const merged = mergeClusters([
    serverStatus({
      clusters: [{ name: 'web', panic: false, waiting: 2, instances: [instance('a', 'healthy', 2, 3)] }],
    }),
    serverStatus({
      clusters: [
        {
          name: 'web',
          panic: true,
          waiting: 3,
          instances: [instance('a', 'ejected', 1, 1), instance('b', 'ejected', 0, 0)],
        },
      ],
    }),
  ]);

  assert.deepEqual(merged, [
    {
      name: 'web',
      panic: true,
      waiting: 5,
      instances: [
        { address: 'a', weight: 1, effectiveWeight: 1, state: 'mixed', inFlight: 3, openConnections: 4 },
        { address: 'b', weight: 1, effectiveWeight: 1, state: 'ejected', inFlight: 0, openConnections: 0 },
      ],
    },
  ]);
});

test('counts of ended workers stay in the sums, their gauges do not', () => {
  const metrics = new PrimaryMetrics('1.2.3');

  metrics.workerRetired(counts(10));
  metrics.workerRetired(counts(5));
  const text = renderExposition(metrics.snapshot({ ...FACTS, reports: [workerReport(2), workerReport(1)] }));

  assert.match(text, /^portico_requests_total 18$/m);
  assert.match(text, /^portico_requests_in_flight 2$/m);
});

test('tells what runs, how reloads went, and when certificates end', () => {
  const metrics = new PrimaryMetrics('1.2.3');

  metrics.reloaded(true);
  metrics.reloaded(false);
  metrics.configurationTaken(2, 1_700_000_000_000);
  const certificate = {
    hosts: ['a.example', 'b.example'],
    file: '/c.pem',
    notAfter: '2027-01-01T00:00:00.000Z',
    daysLeft: 1,
    ocsp: { state: 'stapled' } as const,
  };
  const text = renderExposition(metrics.snapshot({ ...FACTS, certificates: [certificate] }));

  for (const line of [
    `portico_build_info{version="1.2.3",node="${process.versions.node}"} 1`,
    'portico_reloads_total{result="ok"} 1',
    'portico_reloads_total{result="failed"} 1',
    'portico_config_generation 2',
    'portico_config_loaded_timestamp_seconds 1700000000',
    'portico_certificate_expiry_timestamp_seconds{host="b.example",file="/c.pem"} 1798761600',
  ]) {
    assert.ok(text.includes(`${line}\n`), line);
  }
});

test('certificates that a reload removed are no longer told', () => {
  const metrics = new PrimaryMetrics('1.2.3');
  const certificate = {
    hosts: ['a.example'],
    file: '/c.pem',
    notAfter: '2027-01-01T00:00:00.000Z',
    daysLeft: 1,
    ocsp: { state: 'stapled' } as const,
  };

  metrics.snapshot({ ...FACTS, certificates: [certificate] });

  assert.doesNotMatch(renderExposition(metrics.snapshot(FACTS)), /certificate/);
});

function instance(
  address: string,
  state: InstanceStatus['state'],
  inFlight: number,
  openConnections: number,
): InstanceStatus {
  return { address, weight: 1, effectiveWeight: 1, state, inFlight, openConnections };
}

const FACTS: Parameters<PrimaryMetrics['snapshot']>[0] = {
  reports: [],
  ready: 0,
  clusters: [],
  certificates: [],
  acme: { kept: [], orders: { obtained: 0, failed: 0 } },
};
