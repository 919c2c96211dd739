import type { RequestHead } from '../../protocols/http/message.ts';
import type { ClusterSettings } from '../core/settings.ts';
import { isHedgeable } from '../proxy/hedge.ts';

/** What may keep a request waiting for its cluster, and what ends that. JSON-able; absent: the cluster has none of it. */
export interface ExplainedWaits {
  /** When all instances are full. */
  readonly queue?: { readonly max: number; readonly timeoutMs: number };
  /** When it takes long: one more instance is asked, `max` at most. Null: not for such a request. */
  readonly hedge?: { readonly afterMs: number; readonly max: number } | null;
  /** From its head to that of the response. */
  readonly totalTimeoutMs?: number;
}

export function explainWaits(
  { queue, hedge, totalTimeoutMs }: ClusterSettings,
  head: RequestHead,
): ExplainedWaits {
  return {
    ...(queue === undefined ? {} : { queue: { max: queue.max, timeoutMs: queue.timeoutMs } }),
    ...(hedge === undefined
      ? {}
      : { hedge: isHedgeable(head) ? { afterMs: hedge.afterMs, max: hedge.max } : null }),
    ...(totalTimeoutMs === undefined ? {} : { totalTimeoutMs }),
  };
}

/** The same for people, one line each. */
export function waitsLines({ queue, hedge, totalTimeoutMs }: ExplainedWaits): string[] {
  const lines: string[] = [];
  if (queue !== undefined)
    lines.push(
      `when all instances are full, in line for ${queue.timeoutMs} ms, unless ${queue.max} wait already`,
    );
  if (hedge === null) lines.push('with one instance at a time: such a request is not hedged');
  else if (hedge !== undefined)
    lines.push(
      `after ${hedge.afterMs} ms without a response, one more instance is asked, ${hedge.max} at most`,
    );
  if (totalTimeoutMs !== undefined)
    lines.push(`for the head of a response ${totalTimeoutMs} ms in all, then 504`);
  return lines;
}
