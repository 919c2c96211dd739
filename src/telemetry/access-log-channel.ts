import { sentenceOf } from '../core/sentence-of.ts';
import type { LogSettings } from '../core/settings.ts';
import { type LineChannel, type LineTarget, openLineChannel } from './line-channel.ts';

/** Where access-log lines go; the target can change with a reload. */
export interface AccessLogChannel {
  /** `line` ends with '\n'. */
  write(line: string): void;
  /** False: lines need not be built at all. */
  readonly enabled: boolean;
  /** Throws when a file cannot be opened; then the old target stays. */
  retarget(access: LogSettings['access']): void;
  reopen(): void;
  close(): Promise<void>;
  /** Lines dropped since the start, by a reader too slow or a disk too full. */
  readonly dropped: number;
}

/** What is told of a file (stdout tells its own). */
export type AccessLogEvents = Pick<LineTarget, 'onError' | 'onDropped'>;

/**
 * `stdout` is the process's own line channel, shared with the event log so that their lines never mix within one
 * another. A file is this channel's own; several processes append whole batches to it.
 */
export function createAccessLogChannel(
  access: LogSettings['access'],
  stdout: LineChannel,
  events: AccessLogEvents,
): AccessLogChannel {
  return new SwitchableChannel(access, stdout, events);
}

class SwitchableChannel implements AccessLogChannel {
  readonly #stdout: LineChannel;
  readonly #events: AccessLogEvents;
  #access: LogSettings['access'];
  #target: LineChannel | undefined;
  /** Of targets that were left. */
  #droppedBefore = 0;

  constructor(access: LogSettings['access'], stdout: LineChannel, events: AccessLogEvents) {
    this.#stdout = stdout;
    this.#events = events;
    this.#access = access;
    this.#target = this.#open(access);
  }

  get enabled(): boolean {
    return this.#target !== undefined;
  }

  get dropped(): number {
    return this.#droppedBefore + (this.#target?.dropped ?? 0);
  }

  write(line: string): void {
    this.#target?.write(line);
  }

  retarget(access: LogSettings['access']): void {
    if (targetOf(access) === targetOf(this.#access)) return;
    const next = this.#open(access);
    const previous = this.#target;
    this.#droppedBefore += previous?.dropped ?? 0;
    this.#access = access;
    this.#target = next;
    // Its own lines are still on their way; nobody waits for them.
    if (previous !== this.#stdout) void previous?.close();
  }

  reopen(): void {
    this.#target?.reopen();
  }

  async close(): Promise<void> {
    const target = this.#target;
    this.#droppedBefore += target?.dropped ?? 0;
    this.#target = undefined;
    if (target !== this.#stdout) await target?.close();
  }

  #open(access: LogSettings['access']): LineChannel | undefined {
    if (access.kind === 'off') return undefined;
    if (access.kind === 'stdout') return this.#stdout;
    try {
      return openLineChannel({ to: access.file, ...this.#events });
    } catch (error) {
      throw new Error(`the access log cannot be opened: ${sentenceOf(error)}`, { cause: error });
    }
  }
}

function targetOf(access: LogSettings['access']): string {
  return access.kind === 'file' ? `file ${access.file}` : access.kind;
}
