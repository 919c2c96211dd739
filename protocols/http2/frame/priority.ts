import type { Buffer } from 'node:buffer';
import { readUint31 } from './frame-header.ts';

/**
 * PRIORITY: exclusive (1), stream dependency (31), weight (8) (RFC 9113, section 6.3). The tree that it once built is dead
 * (section 5.3): reading it over costs O(1), which is all the answer there is to a shuffle of it (CVE-2019-9513).
 */
export const PRIORITY_BYTES = 5;

/** The stream that the priority fields at `at` depend on. */
export function dependsOn(bytes: Buffer, at: number): number {
  return readUint31(bytes, at);
}
