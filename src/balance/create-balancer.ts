import type { BalanceKind } from '../core/settings.ts';
import type { Balancer, Random } from './balancer.ts';
import { EffectiveWeights } from './effective-weights.ts';
import type { Instance } from './instance.ts';
import { LeastConnections } from './least-connections.ts';
import { Maglev } from './maglev.ts';
import { peakEwma } from './peak-ewma.ts';
import { load, RandomTwo } from './random-two.ts';
import { RingHash } from './ring-hash.ts';
import type { SlowStart } from './slow-start.ts';
import { SmoothWeightedRoundRobin } from './smooth-weighted-round-robin.ts';
import { WeightedDraw } from './weighted-draw.ts';

export function createBalancer(
  kind: BalanceKind,
  instances: readonly Instance[],
  random: Random = Math.random,
  slowStart?: SlowStart,
): Balancer {
  const weights = new EffectiveWeights(instances, slowStart);
  switch (kind) {
    case 'round-robin':
      return new SmoothWeightedRoundRobin(instances, weights);
    case 'least-connections':
      return new LeastConnections(instances, weights);
    case 'random-two':
      return new RandomTwo(instances, new WeightedDraw(instances, weights, random), load);
    case 'peak-ewma':
      return new RandomTwo(instances, new WeightedDraw(instances, weights, random), peakEwma);
    case 'ring-hash':
      return new RingHash(instances);
    case 'maglev':
      return new Maglev(instances);
  }
}
