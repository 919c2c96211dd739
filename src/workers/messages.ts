import type { AcmeChallenge } from '../core/acme-challenge.ts';
import type { ProbeResult } from '../core/probe-result.ts';
import type { BoundListener, ClusterTrouble, ServerStatus } from '../core/server.ts';
import type { Settings } from '../core/settings.ts';
import type { Staple } from '../core/staple.ts';
import type { RegistrySnapshot } from '../telemetry/registry.ts';
import type { SettingsDelta } from './settings-delta.ts';

/**
 * What the primary and a worker tell each other. Everything is plain data.
 *
 *   worker                         primary
 *   online ───────────────────────►
 *          ◄─────────────────────── start
 *   started | start-failed ───────►
 *          ◄─────────────────────── reload, ticket-keys, staple, challenges, report, status, reopen-logs, probe-for-all, probes, ping
 *   reloaded | reload-failed, challenges-taken, report, status, probes, pong ►                  any number of times
 *          ◄─────────────────────── stop
 *   stopped ──────────────────────►   and exits
 */
export type ToWorker =
  | {
      readonly kind: 'start';
      readonly settings: Settings;
      readonly generation: number;
      readonly reusePort: boolean;
      /** See ticket-keys. */
      readonly ticketKeys: readonly string[];
      readonly staples: readonly Staple[];
      /** Those that are pending already. */
      readonly challenges: readonly AcmeChallenge[];
      /** Of instances that are down. */
      readonly probes: readonly ProbeResult[];
    }
  /** `settings`: based on the last that the worker has said it has taken. */
  | {
      readonly kind: 'reload';
      readonly request: number;
      readonly settings: SettingsDelta;
      readonly generation: number;
    }
  /** In base64: with the same keys each worker resumes the TLS sessions of the others. Needs no answer. */
  | { readonly kind: 'ticket-keys'; readonly keys: readonly string[] }
  /** Needs no answer either. */
  | { readonly kind: 'staple'; readonly staple: Staple }
  /** These are to be answered from now on, and no others. */
  | { readonly kind: 'challenges'; readonly request: number; readonly challenges: readonly AcmeChallenge[] }
  | { readonly kind: 'report'; readonly request: number }
  | { readonly kind: 'status'; readonly request: number }
  /** From now on this worker sends the probes, and no other does. */
  | { readonly kind: 'probe-for-all' }
  /** What that worker has found. */
  | { readonly kind: 'probes'; readonly results: readonly ProbeResult[] }
  | { readonly kind: 'reopen-logs' }
  /** Whether it still comes round to its messages. */
  | { readonly kind: 'ping' }
  | { readonly kind: 'stop' };

export type FromWorker =
  | { readonly kind: 'online' }
  | { readonly kind: 'started'; readonly listeners: readonly BoundListener[] }
  | { readonly kind: 'start-failed'; readonly reason: string }
  | { readonly kind: 'reloaded'; readonly request: number }
  /** The worker goes on with what it had. */
  | { readonly kind: 'reload-failed'; readonly request: number; readonly reason: string }
  | { readonly kind: 'challenges-taken'; readonly request: number }
  | { readonly kind: 'report'; readonly request: number; readonly report: WorkerReport }
  | { readonly kind: 'status'; readonly request: number; readonly status: ServerStatus }
  | { readonly kind: 'probes'; readonly results: readonly ProbeResult[] }
  /** `isDebugged`: a debugger may stop it for as long as it likes. */
  | { readonly kind: 'pong'; readonly isDebugged: boolean }
  /** The last counts; nothing comes after it. */
  | { readonly kind: 'stopped'; readonly report: WorkerReport };

/** What monitoring wants to know, every few seconds: it must not hold traffic up, however many clusters there are. */
export interface WorkerReport {
  readonly metrics: RegistrySnapshot;
  readonly troubles: readonly ClusterTrouble[];
}
