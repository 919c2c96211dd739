import type { Buffer } from 'node:buffer';
import { takeMessage } from './http1-message.ts';
import { Http2FrameLog, type ReceivedFrame } from './http2-frame-log.ts';
import type { Http2Subject } from './http2-subject.ts';
import type { ForwardedRequest } from './http2-verdict.ts';
import type { Peer } from './peer.ts';

/** How a socket subject waits, and what stands behind the server. */
export interface SocketSubjectPlan {
  readonly patienceMs: number;
  /** How long a server that is about to speak unasked would take. */
  readonly quietMs: number;
  /** Everything that every connection to the backend has brought, once nothing more can come. */
  backendTexts(): Promise<readonly string[]>;
}

/** A server at the other end of a connected socket. */
export class SocketSubject implements Http2Subject {
  readonly #peer: Peer;
  readonly #plan: SocketSubjectPlan;
  readonly #log: Http2FrameLog = new Http2FrameLog();

  constructor(peer: Peer, plan: SocketSubjectPlan) {
    this.#peer = peer;
    this.#plan = plan;
    peer.keeps = false;
    peer.socket.on('data', (chunk: Buffer) => this.#log.receive(chunk));
  }

  get frames(): readonly ReceivedFrame[] {
    return this.#log.frames;
  }

  get hasEnded(): boolean {
    return this.#peer.hasEnded;
  }

  send(bytes: Buffer): void {
    this.#peer.send(bytes);
  }

  until(condition: () => boolean): Promise<boolean> {
    return this.#peer.until(condition, 'what the case expects', this.#plan.patienceMs).then(
      () => true,
      () => condition(),
    );
  }

  async quiet(): Promise<void> {
    await this.#peer.until(() => this.hasEnded, 'an end', this.#plan.quietMs).catch(() => {});
  }

  async finish(): Promise<readonly ForwardedRequest[]> {
    this.#peer.socket.destroy();
    return (await this.#plan.backendTexts()).flatMap(requestsIn);
  }
}

/** The requests that a backend's connection has brought; what is not whole is the last. */
function requestsIn(text: string): ForwardedRequest[] {
  const requests: ForwardedRequest[] = [];
  let rest = text;
  for (let taken = takeMessage(rest); taken !== undefined; taken = takeMessage(rest)) {
    const { startLine, headers, body } = taken.message;
    requests.push({ ...requestLine(startLine), headers, body, isWhole: true });
    rest = rest.slice(taken.length);
  }
  if (rest === '') return requests;
  const [startLine] = rest.split('\r\n');
  return [...requests, { ...requestLine(startLine!), headers: new Map(), body: rest, isWhole: false }];
}

/** A line that is not one shows as it is. */
function requestLine(line: string): { readonly method: string; readonly target: string } {
  const [, method, target] = /^(\S+) (\S+) HTTP\/1\.1$/.exec(line) ?? [];
  return method === undefined
    ? { method: 'not a request line:', target: JSON.stringify(line) }
    : { method, target: target! };
}
