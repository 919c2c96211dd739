import { setImmediate as turn } from 'node:timers/promises';
import type { ClientPlan, RequestPlan } from './hostile-plan.ts';
import type { Peer } from './peer.ts';
import { ResponseReader } from './response-reader.ts';

/** A request with the token that its answer must bear. */
export interface SentRequest {
  readonly token: string;
  readonly plan: RequestPlan;
}

/** Plays a plan on a connection to its end; what came back is in the reader. */
export async function playHostileClient(
  peer: Peer,
  plan: ClientPlan,
  requests: readonly SentRequest[],
): Promise<ResponseReader> {
  const reader = new ResponseReader(requests.map(({ plan: { kind } }) => METHODS[kind]));
  peer.socket.on('data', (chunk: Buffer) => reader.receive(chunk));
  peer.socket.on('end', () => reader.end());
  if (plan.deaf) peer.socket.pause();
  const batches = plan.pipelined ? [requests] : requests.map((request) => [request]);
  const total = requests.reduce((sum, request) => sum + requestText(request).length, 0);
  const breaksOff = plan.ending === 'reset' || plan.ending === 'destroy';
  let budget = breaksOff ? Math.floor(total * plan.endingAt) : total;
  for (const batch of batches) {
    const text = mutate(batch.map(requestText).join(''), plan);
    await sendCut(peer, text.slice(0, budget), plan.cuts);
    budget -= text.length;
    if (budget < 0 || peer.hasEnded) break;
    if (plan.pipelined) continue;
    const due = requests.indexOf(batch[0]!) + 1;
    if (!plan.deaf) await untilAnswered(peer, reader, due);
  }
  if (plan.deaf) {
    for (let i = 0; i < 50; i++) await turn();
    peer.socket.resume();
  }
  await finish(peer, plan, reader, requests.length);
  return reader;
}

async function finish(
  peer: Peer,
  { ending, secure }: ClientPlan,
  reader: ResponseReader,
  due: number,
): Promise<void> {
  switch (ending) {
    case 'reset':
      abort(peer, secure);
      break;
    case 'destroy':
      peer.socket.destroy();
      break;
    case 'half-close':
      peer.end();
      await peer.untilEnded();
      break;
    case 'reset-on-answer':
      await peer.until(() => peer.receivedBytes > 0 || peer.hasEnded);
      abort(peer, secure);
      break;
    case 'polite':
      await untilAnswered(peer, reader, due);
      peer.end();
      await peer.untilEnded();
  }
  peer.socket.destroy();
  await peer.closed;
}

/** By RST, which a TLS socket has no way to send. */
function abort(peer: Peer, secure: boolean): void {
  if (secure) peer.socket.destroy();
  else peer.reset();
}

/** A tunnel that stands is an answer, and the last. */
async function untilAnswered(peer: Peer, reader: ResponseReader, due: number): Promise<void> {
  await peer.until(
    () => reader.answered >= due || reader.tunnel !== undefined || peer.hasEnded,
    `the answer to request ${due}`,
  );
}

async function sendCut(peer: Peer, text: string, cuts: readonly number[]): Promise<void> {
  const places = cuts.map((cut) => Math.floor(cut * text.length)).toSorted((a, b) => a - b);
  let from = 0;
  for (const to of [...places, text.length]) {
    if (peer.socket.destroyed || !peer.socket.writable) return;
    if (to > from) peer.send(text.slice(from, to));
    from = to;
    await turn();
  }
}

function mutate(text: string, { mutation }: ClientPlan): string {
  if (mutation === undefined) return text;
  // Heads are where it hurts: bodies are the smaller part of what is tried.
  const at = Math.floor(mutation.at * Math.min(text.length, 400));
  return text.slice(0, at) + String.fromCharCode(mutation.octet) + text.slice(at + 1);
}

function requestText({ token, plan: { kind, size } }: SentRequest): string {
  const body = 'b'.repeat(size);
  const head = `${METHODS[kind]} /${token} HTTP/1.1\r\nhost: shop.example\r\nx-token: ${token}\r\n`;
  switch (kind) {
    case 'sized':
      return `${head}content-length: ${size}\r\n\r\n${body}`;
    case 'expect':
      return `${head}expect: 100-continue\r\ncontent-length: ${size}\r\n\r\n${body}`;
    case 'chunked': {
      const chunk = size === 0 ? '' : `${size.toString(16)}\r\n${body}\r\n`;
      return `${head}transfer-encoding: chunked\r\n\r\n${chunk}0\r\n\r\n`;
    }
    case 'upgrade':
      return `${head}connection: upgrade\r\nupgrade: echo\r\n\r\n`;
    default:
      return `${head}\r\n`;
  }
}

const METHODS = {
  get: 'GET',
  head: 'HEAD',
  delete: 'DELETE',
  sized: 'POST',
  chunked: 'PUT',
  expect: 'POST',
  upgrade: 'GET',
} as const;
