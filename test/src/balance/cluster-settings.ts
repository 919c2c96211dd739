import type { ClusterSettings, HealthSettings, InstanceSettings } from '../../../src/core/settings.ts';

export function healthSettings(changes: Partial<HealthSettings> = {}): HealthSettings {
  return {
    probe: undefined,
    intervalMs: 1000,
    timeoutMs: undefined,
    fail: 3,
    pass: 1,
    failRate: undefined,
    failOn: [],
    maxEjectedShare: 1,
    panicShare: undefined,
    ...changes,
  };
}

export function instanceSettings(name: string, weight = 1): InstanceSettings {
  return { host: name, port: 80, text: `${name}:80`, weight };
}

/** A cluster with instances `a`, `b`, … of these weights. */
export function clusterSettings(
  weights: readonly number[],
  health: Partial<HealthSettings> = {},
): ClusterSettings {
  return {
    name: 'web',
    protocol: 'http',
    tls: undefined,
    pipelining: undefined,
    balance: 'round-robin',
    hashOn: undefined,
    sticky: undefined,
    instances: weights.map((weight, i) => instanceSettings(String.fromCharCode(0x61 + i), weight)),
    subClusters: undefined,
    timeouts: { connectMs: 2000, responseHeaderMs: 60_000, idleMs: 60_000 },
    totalTimeoutMs: undefined,
    clientTimeouts: {},
    retry: { attempts: 2, on: ['connect-failure'], unsafe: false, budget: 0.2, backoffMs: undefined },
    hedge: undefined,
    breaker: undefined,
    health: healthSettings(health),
    maxRequests: undefined,
    queue: undefined,
    slowStartMs: undefined,
    maxBodyBytes: undefined,
  };
}
