import type { Instance } from './instance.ts';

/** A way to choose among the instances of a cluster. Instances and weights are those of one snapshot. */
export interface Balancer {
  /**
   * A usable instance that is not in `tried`; undefined when there is none. `key` is an unsigned integer below 2^32: equal keys go to the
   * same instance, where the way knows keys. `now` is Clock.now(). Allocates nothing.
   */
  choose(tried: readonly Instance[], key: number, now: number): Instance | undefined;
}

/** A number from 0 up to, but not including, 1. */
export type Random = () => number;

/** Whether an instance may be chosen at all. */
export function isCandidate(instance: Instance, tried: readonly Instance[]): boolean {
  return instance.isUsable && instance.hasRoom && !(tried.length > 0 && tried.includes(instance));
}
