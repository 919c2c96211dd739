import type { ProbeKindSettings } from '../core/settings.ts';
import { anyTls, ConnectProbe } from './connect-probe.ts';
import type { Connector } from './connector.ts';
import { GrpcQuestion } from './grpc-question.ts';
import { HttpQuestion } from './http-question.ts';
import type { ProbeOwner } from './probe-owner.ts';
import { RequestProbe } from './request-probe.ts';

/** One probe under way. */
export interface Probe {
  /** Nobody wants to know any more. */
  cancel(): void;
}

/** Asks an instance whether it is well. Without a kind: by a connection as requests would have one, TLS and preface included. */
export function beginProbe(
  kind: ProbeKindSettings | undefined,
  connector: Connector,
  owner: ProbeOwner,
): Probe {
  const address = owner.address.text;
  switch (kind?.kind) {
    case undefined:
      return new RequestProbe(owner, connector, undefined);
    case 'http':
      return new RequestProbe(owner, connector, new HttpQuestion(kind, address, connector.onlyRequestFields));
    case 'grpc':
      return new RequestProbe(owner, connector, new GrpcQuestion(kind, address));
    case 'tcp':
      return new ConnectProbe(owner, undefined);
    case 'tls':
      return new ConnectProbe(owner, connector.streamTls ?? anyTls(kind.serverName));
  }
}
