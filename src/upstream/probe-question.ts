import type { Buffer } from 'node:buffer';
import type { HeaderList } from '../../protocols/http/header-list.ts';
import type { ResponseHead } from '../../protocols/http/message.ts';
import type { ForwardRequest } from '../core/upstream.ts';

/** A request that finds out whether an instance is well, and the judge of its answer. Serves once. */
export interface ProbeQuestion {
  readonly request: ForwardRequest;
  /** Its body; undefined: none. */
  readonly body: Buffer | undefined;
  /** Whether the instance is well; undefined: the head does not say. */
  head(head: ResponseHead): boolean | undefined;
  /** A piece of the answer, to be used within the call. False: such an answer is not well. */
  data(bytes: Buffer, start: number, end: number): boolean;
  /** Whether the instance is well, now that all of the answer is there. */
  end(trailers: HeaderList): boolean;
}
