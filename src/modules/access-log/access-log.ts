import { headerValue } from '../../../protocols/http/header-list.ts';
import type { ResponseHead } from '../../../protocols/http/message.ts';
import type { FinishedExchange, FinishedStream, Module } from '../../core/callback-points.ts';
import type { Clock } from '../../core/clock.ts';
import type { ExchangeError } from '../../core/errors.ts';
import type { InstanceFacts } from '../../core/exchange.ts';
import type { Session } from '../../core/session.ts';
import { jsonText } from './json-text.ts';
import { millisecondsText, TimeText } from './number-text.ts';

/**
 * One JSON line per exchange or stream, put together as a string: an object and JSON.stringify would cost twice as much. The
 * fields are stable and documented in docs/access-log.md; those without a value are left out. Names that clients
 * chose are only ever values, never keys.
 */
export interface AccessLog extends Module {
  /** The line of a request that was refused before it became an exchange; `session.error` says why. */
  refused(session: Session): void;
}

/** Where lines go. While it is not enabled nothing is built. */
export interface AccessLogOutput {
  readonly enabled: boolean;
  write(line: string): void;
}

export function createAccessLog(output: AccessLogOutput, clock: Clock): AccessLog {
  const time = new TimeText();
  return {
    name: 'access-log',
    handlers: {
      requestFinish(exchange) {
        if (output.enabled) output.write(exchangeLine(exchange, clock, time));
      },
      streamFinish(stream) {
        if (output.enabled) output.write(streamLine(stream, clock, time));
      },
    },
    refused(session) {
      if (output.enabled) output.write(refusalLine(session, clock, time));
    },
  };
}

function exchangeLine(exchange: FinishedExchange, clock: Clock, time: TimeText): string {
  const { session, head } = exchange;
  const startedAt = clock.wall() - (clock.now() - exchange.receivedAt);
  let line = `{"type":"access","time":"${time.of(startedAt)}","id":"${jsonText(exchange.id)}",${sessionFields(session)}`;
  line += `,"protocol":"http/${head.version}"`;
  if (head.upgrade !== '') line += `,"upgrade":"${jsonText(head.upgrade)}"`;
  if (exchange.tenant !== undefined) line += `,"tenant":"${jsonText(exchange.tenant.name)}"`;
  if (exchange.route !== '') line += `,"route":"${jsonText(exchange.route)}"`;
  if (exchange.cluster !== undefined) line += `,"cluster":"${jsonText(exchange.cluster.name)}"`;
  line += instanceFields(exchange.instance);
  line += `,"attempts":${exchange.attempts},"method":"${jsonText(head.method)}","host":"${field(head.authority)}"`;
  line += `,"path":"${field(head.path)}","status":${exchange.status}${grpcStatusField(exchange.response)}`;
  line += `,"bytesIn":${exchange.bytesIn},"bytesOut":${exchange.bytesOut},"timings":{${timings(exchange)}}`;
  if (exchange.error !== undefined) line += errorFields(exchange.error);
  if (exchange.answeredBy !== '') line += `,"module":"${jsonText(exchange.answeredBy)}"`;
  if (exchange.facts !== undefined && exchange.facts.tags.length > 0) line += tagsField(exchange.facts.tags);
  const userAgent = headerValue(head.headers, 'user-agent');
  if (userAgent !== undefined) line += `,"userAgent":"${field(userAgent)}"`;
  const referer = headerValue(head.headers, 'referer');
  if (referer !== undefined) line += `,"referer":"${field(referer)}"`;
  return `${line}}\n`;
}

function streamLine(stream: FinishedStream, clock: Clock, time: TimeText): string {
  const { session, way, serverName, beganAt, waitedMs, connectedAt, finishedAt } = stream;
  const startedAt = clock.wall() - (clock.now() - beganAt);
  let line = `{"type":"stream","time":"${time.of(startedAt)}","id":"${jsonText(stream.id)}",${sessionFields(session)}`;
  // What is sealed has no TLS session of ours that would tell the name.
  if (way === 'passthrough') line += `,"sni":"${field(serverName)}"`;
  line += `,"way":"${way}"`;
  if (stream.tenant !== undefined) line += `,"tenant":"${jsonText(stream.tenant.name)}"`;
  if (stream.cluster !== undefined) line += `,"cluster":"${jsonText(stream.cluster.name)}"`;
  line += instanceFields(stream.instance);
  line += `,"attempts":${stream.attempts},"bytesIn":${stream.bytesIn},"bytesOut":${stream.bytesOut}`;
  line += `,"timings":{"total":${millisecondsText(finishedAt - beganAt)}`;
  if (waitedMs > 0) line += `,"queue":${millisecondsText(waitedMs)}`;
  if (connectedAt > 0) line += `,"connect":${millisecondsText(connectedAt - beganAt - waitedMs)}`;
  line += `},"ending":"${stream.ending}"`;
  if (stream.error !== undefined) line += errorFields(stream.error);
  return `${line}}\n`;
}

/** The configuration chooses the names; of a name that is given twice the last value counts. */
function tagsField(tags: readonly string[]): string {
  const values = new Map<string, string>();
  for (let i = 0; i < tags.length; i += 2) values.set(tags[i]!, tags[i + 1]!);
  const fields = [...values].map(([name, value]) => `"${jsonText(name)}":"${field(value)}"`);
  return `,"tags":{${fields.join(',')}}`;
}

/** Of a gRPC response that is trailers only: the errors of our own among them, whose status of HTTP is 200. */
function grpcStatusField(response: ResponseHead | undefined): string {
  if (response?.bodyLength !== 0) return '';
  const status = headerValue(response.headers, 'grpc-status');
  return status !== undefined && /^\d{1,2}$/.test(status) ? `,"grpcStatus":${Number(status)}` : '';
}

function instanceFields(instance: InstanceFacts | undefined): string {
  if (instance === undefined) return '';
  const { subCluster, address } = instance;
  const pool = subCluster ? `,"subCluster":"${jsonText(subCluster)}"` : '';
  return `${pool},"instance":"${jsonText(address.text)}"`;
}

function refusalLine(session: Session, clock: Clock, time: TimeText): string {
  const error = session.error;
  const id = session.refusalId === '' ? '' : `"id":"${jsonText(session.refusalId)}",`;
  const head = `{"type":"refused","time":"${time.of(clock.wall())}",${id}${sessionFields(session)}`;
  return `${head},"status":${error?.status ?? 0}${error === undefined ? '' : errorFields(error)}}\n`;
}

function sessionFields(session: Session): string {
  const { tls, balancer } = session;
  const client = peer(session.remoteAddress, session.remotePort);
  let fields = `"session":${session.id},"client":"${client}","listener":"${jsonText(session.listener)}"`;
  if (balancer !== undefined) fields += `,"balancer":"${peer(balancer.address, balancer.port)}"`;
  if (tls === undefined) return fields;
  return `${fields},"tls":"${jsonText(tls.version)}","sni":"${field(tls.serverName)}"`;
}

function peer(address: string, port: number): string {
  return `${address.includes(':') ? `[${jsonText(address)}]` : jsonText(address)}:${port}`;
}

/**
 * The phases in milliseconds; one that was not reached is left out. Those that are there add up to the total, but for an
 * answer that came before the request was sent in full.
 */
function timings(exchange: FinishedExchange): string {
  const { receivedAt, waitedMs, connectedAt, requestSentAt, respondedAt, finishedAt } = exchange;
  let text = `"total":${millisecondsText(finishedAt - receivedAt)}`;
  if (waitedMs > 0) text += `,"queue":${millisecondsText(waitedMs)}`;
  // What was waited is no part of the phase in which it was.
  const beganAt = receivedAt + waitedMs;
  if (connectedAt > 0) text += `,"connect":${millisecondsText(connectedAt - beganAt)}`;
  if (requestSentAt > 0)
    text += `,"send":${millisecondsText(requestSentAt - (connectedAt > 0 ? connectedAt : beganAt))}`;
  if (respondedAt > 0) {
    const askedAt = requestSentAt > 0 ? requestSentAt : connectedAt > 0 ? connectedAt : beganAt;
    text += `,"responseHeader":${millisecondsText(respondedAt - askedAt)}`;
    text += `,"responseBody":${millisecondsText(finishedAt - respondedAt)}`;
  }
  return text;
}

function errorFields(error: ExchangeError): string {
  return `,"error":"${error.name}","side":"${error.side}","detail":"${jsonText(error.detail)}"`;
}

/**
 * Characters kept of a value that a client chose: a hostile client may send 64 KiB of User-Agent with each request, and the
 * log would cost more than the request. Longer ones end with an ellipsis.
 */
const MAX_FIELD_CHARACTERS = 2048;

function field(value: string): string {
  return value.length <= MAX_FIELD_CHARACTERS
    ? jsonText(value)
    : `${jsonText(value.slice(0, MAX_FIELD_CHARACTERS))}…`;
}
