import { Buffer } from 'node:buffer';
import { type HeaderList, headerValue } from '../../protocols/http/header-list.ts';
import type { ResponseHead } from '../../protocols/http/message.ts';
import type { GrpcProbe } from '../core/settings.ts';
import { ForwardRequest } from '../core/upstream.ts';
import { encodeCheckRequest, MAX_ANSWER_BYTES, saysServing } from './grpc-health-message.ts';
import { PROBE_AGENT } from './http-question.ts';
import type { ProbeQuestion } from './probe-question.ts';

/** The call `grpc.health.v1.Health/Check`: well is who answers SERVING, and ends the call with OK. */
export class GrpcQuestion implements ProbeQuestion {
  readonly request: ForwardRequest;
  readonly body: Buffer;
  #answer: Buffer = Buffer.alloc(0);

  /** `address`: of the instance, for a probe without a host. */
  constructor({ host, service }: GrpcProbe, address: string) {
    this.request = new ForwardRequest(
      'POST',
      '/grpc.health.v1.Health/Check',
      host ?? address,
      ['content-type', 'application/grpc', 'te', 'trailers', 'user-agent', PROBE_AGENT],
      // gRPC clients do not announce a length.
      -1,
      '',
      undefined,
      false,
    );
    this.body = encodeCheckRequest(service);
  }

  /** A head with a status of gRPC is all there is, and an error. */
  head({ status, headers }: ResponseHead): boolean | undefined {
    const isGrpc = headerValue(headers, 'content-type')?.startsWith('application/grpc') === true;
    return status === 200 && isGrpc && headerValue(headers, 'grpc-status') === undefined ? undefined : false;
  }

  data(bytes: Buffer, start: number, end: number): boolean {
    if (this.#answer.length + end - start > MAX_ANSWER_BYTES) return false;
    this.#answer = Buffer.concat([this.#answer, bytes.subarray(start, end)]);
    return true;
  }

  end(trailers: HeaderList): boolean {
    return headerValue(trailers, 'grpc-status') === '0' && saysServing(this.#answer);
  }
}
