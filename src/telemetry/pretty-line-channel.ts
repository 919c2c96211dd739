import type { LineChannel } from './line-channel.ts';
import { prettyLine } from './pretty-line.ts';

/** The same channel, written to in JSON lines, read by people. */
export function prettyLineChannel(channel: LineChannel): LineChannel {
  return {
    write: (lines) =>
      channel.write(
        lines
          .split(/(?<=\n)/)
          .map(prettyLine)
          .join(''),
      ),
    flush: () => channel.flush(),
    reopen: () => channel.reopen(),
    flushSync: () => channel.flushSync(),
    close: () => channel.close(),
    get dropped() {
      return channel.dropped;
    },
  };
}
