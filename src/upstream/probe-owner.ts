import type { AddressSettings } from '../core/settings.ts';
import type { Deadlines } from '../transport/deadlines.ts';

/** What a probe needs of whoever sends it. */
export interface ProbeOwner {
  readonly address: AddressSettings;
  readonly deadlines: Deadlines;
  readonly internalError: (error: unknown) => void;
  /** From its begin to its answer. */
  readonly limitMs: number;
  /** Called once, never while the probe begins, and not after `cancel`. */
  readonly onResult: (ok: boolean) => void;
}
