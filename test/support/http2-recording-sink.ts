import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import type { HeaderList } from '../../protocols/http/header-list.ts';
import type { ResponseHead } from '../../protocols/http/message.ts';
import type { BytesOwner } from '../../protocols/http/output.ts';
import type { ClientSink } from '../../protocols/http2/client-engine.ts';
import type { Http2Fault } from '../../protocols/http2/errors.ts';

export type SinkCall = 'bodyData' | 'bodyEnd' | 'writable' | 'reset' | 'interimHead' | 'responseHead';

/** Has a stream of either engine: keeps what it is told, and fails when it is told anything after the end. */
export class RecordingSink implements ClientSink {
  /** What `bodyData` answers. */
  takes = true;
  /** Is called within each call, when that has been kept. */
  during: (call: SinkCall) => void = () => {};
  /** Is called within `bodyBegins`, which comes before any data, where nobody has asked for them. */
  onBodyBegins: () => void = () => {};
  readonly calls: SinkCall[] = [];
  readonly interims: ResponseHead[] = [];
  head: ResponseHead | undefined = undefined;
  trailers: HeaderList | undefined = undefined;
  fault: Http2Fault | undefined = undefined;
  /** Set by a test that has given the stream up. */
  isGivenUp = false;
  #pieces: Buffer[] = [];

  get body(): string {
    return Buffer.concat(this.#pieces).toString('latin1');
  }

  get isEnded(): boolean {
    return this.trailers !== undefined;
  }

  bodyBegins(): void {
    this.onBodyBegins();
  }

  bodyData(bytes: Buffer, start: number, end: number, _owner: BytesOwner | undefined): boolean {
    assert.ok(!this.isEnded, 'no data comes after the end');
    assert.ok(end > start, 'no data comes without octets');
    this.#pieces.push(Buffer.from(bytes.subarray(start, end)));
    this.#called('bodyData');
    return this.takes;
  }

  bodyEnd(trailers: HeaderList): void {
    assert.ok(!this.isEnded, 'the end comes once');
    this.trailers = trailers;
    this.#called('bodyEnd');
  }

  writable(): void {
    this.#called('writable');
  }

  reset(fault: Http2Fault): void {
    this.#called('reset', () => {
      this.fault = fault;
    });
  }

  interimHead(head: ResponseHead): void {
    this.interims.push(head);
    this.#called('interimHead');
  }

  responseHead(head: ResponseHead): void {
    assert.equal(this.head, undefined, 'the final head comes once');
    this.head = head;
    this.#called('responseHead');
  }

  #called(call: SinkCall, keep: () => void = () => {}): void {
    assert.equal(this.fault, undefined, `${call} after reset`);
    assert.ok(!this.isGivenUp, `${call} on a stream that was given up`);
    keep();
    this.calls.push(call);
    this.during(call);
  }
}
