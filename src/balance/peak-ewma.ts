import type { Instance } from './instance.ts';

/**
 * How soon an instance should answer: its average time to the head of a response, times the exchanges that it would have under way.
 * One of which nothing is known counts as fast, once: with something under way it is held for slow until it has answered.
 */
export function peakEwma({ latency, inFlight }: Instance, now: number): number {
  const ms = latency.at(now);
  if (ms === 0 && inFlight > 0) return UNKNOWN_MS * inFlight;
  return ms * (inFlight + 1);
}

/** What an instance costs that is being tried for the first time, so that not everyone tries it at once. */
const UNKNOWN_MS = 1000;
