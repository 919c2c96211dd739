import type { BalanceKind } from '../core/settings.ts';
import type { Balancer, Random } from './balancer.ts';
import type { Instance } from './instance.ts';
import { LeastConnections } from './least-connections.ts';
import { Maglev } from './maglev.ts';
import { PeakEwma } from './peak-ewma.ts';
import { RandomTwo } from './random-two.ts';
import { RingHash } from './ring-hash.ts';
import { SmoothWeightedRoundRobin } from './smooth-weighted-round-robin.ts';

export function createBalancer(
  kind: BalanceKind,
  instances: readonly Instance[],
  random: Random = Math.random,
): Balancer {
  switch (kind) {
    case 'round-robin':
      return new SmoothWeightedRoundRobin(instances);
    case 'least-connections':
      return new LeastConnections(instances);
    case 'random-two':
      return new RandomTwo(instances, random);
    case 'peak-ewma':
      return new PeakEwma(instances, random);
    case 'ring-hash':
      return new RingHash(instances);
    case 'maglev':
      return new Maglev(instances);
  }
}
