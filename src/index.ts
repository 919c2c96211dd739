/** Everything an embedding program may import. */

export type { HeaderList } from '../protocols/http/header-list.ts';
export { combinedHeaderValue, hasListToken, headerValue } from '../protocols/http/header-list.ts';
export { RequestHead, ResponseHead } from '../protocols/http/message.ts';
export type {
  CertificateInput,
  ClusterInput,
  ConfigInput,
  HeaderChangesInput,
  Http2Input,
  InstanceInput,
  LimitsInput,
  ListenInput,
  ModuleInput,
  RouteInput,
  TenantInput,
  TicketsInput,
  TimeoutsInput,
} from './config/config-input.ts';
export type { Problem } from './config/problem.ts';
export type {
  AcceptedSession,
  Answer,
  AnsweredExchange,
  CallbackPoint,
  CallbackPoints,
  FinishedExchange,
  ForwardedExchange,
  LocatedExchange,
  Module,
  ReceivedExchange,
  RespondingExchange,
  SecuredSession,
  SessionAnswer,
  TenantExchange,
} from './core/callback-points.ts';
export { CALLBACK_POINTS, CLOSE, CONTINUE, FINISH } from './core/callback-points.ts';
export type { ErrorName, ExchangeError, Side } from './core/errors.ts';
export { ERROR_NAMES } from './core/errors.ts';
export type { ClusterFacts, InstanceFacts, TenantFacts } from './core/exchange.ts';
export type { Logger } from './core/logger.ts';
export type { ModuleKind, SettingsFault } from './core/module-kind.ts';
export type { RequestFacts, RequestTarget } from './core/request-facts.ts';
export type { BoundListener, ClusterStatus, InstanceStatus, ServerStatus } from './core/server.ts';
export { ServerClosed } from './core/server-closed.ts';
export type { Session, SessionState, TlsSession } from './core/session.ts';
export type { SessionHooks } from './core/session-hooks.ts';
export type { GlitchKind, Telemetry } from './core/telemetry.ts';
export type {
  AddedListener,
  ConfigFileReference,
  EmbeddedServer,
  HandlerServerOptions,
  ServerOptions,
} from './embedded-server.ts';
export { ConfigError, createServer } from './embedded-server.ts';
export type { FetchHandler, Handler, HandlerFunction, HandlerObject } from './serve/handler.ts';
export { PatternError } from './serve/pattern.ts';
export { BodyNotJson, BodyTooLarge } from './serve/request-body.ts';
export { ServeMux } from './serve/serve-mux.ts';
export type { ServedRequest } from './serve/served-request.ts';
export type { ServedResponse } from './serve/served-response.ts';
