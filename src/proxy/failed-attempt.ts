import type { Cluster } from '../balance/cluster.ts';
import type { Instance } from '../balance/instance.ts';
import type { Probers } from '../upstream/probers.ts';

/** An attempt that began at `beganAt` has failed by the fault of its instance, which may be ejected for it; both of Clock.now(). */
export function recordFailedAttempt(
  instance: Instance,
  { observesLatency }: Cluster,
  probers: Probers,
  beganAt: number,
  now: number,
): void {
  // One that refuses at once must not look fast.
  if (observesLatency) instance.latency.record(Math.max(now - beganAt, FAILURE_MS), now);
  if (instance.recordFailure(now)) probers.ejected(instance);
}

/** What a failed attempt counts for, at least, where latency decides. */
const FAILURE_MS = 1000;
