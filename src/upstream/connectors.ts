import type { ClusterSettings } from '../core/settings.ts';
import { ClientTls } from '../tls/client-tls.ts';
import type { Connector } from './connector.ts';
import { Http1Connector } from './http1-connector.ts';
import { Http2Connector } from './http2-connector.ts';

/** What the connectors of a snapshot's clusters are kept by: the cluster's name. */
export type Connectors = ReadonlyMap<string, ClusterConnector>;

interface ClusterConnector {
  readonly settings: ClusterSettings;
  readonly connector: Connector;
  /** What decided about it, as text. */
  readonly key: string;
}

/**
 * A connector for each cluster; the one of `previous` where nothing that decides about it has changed, so that its instances
 * keep their connections. Throws when one cannot be made, so it comes before a snapshot is taken.
 */
export function buildConnectors(clusters: readonly ClusterSettings[], previous?: Connectors): Connectors {
  return new Map(
    clusters.map((settings) => {
      const { name } = settings;
      const known = previous?.get(name);
      if (known?.settings === settings) return [name, known];
      const key = JSON.stringify([settings.protocol, settings.tls, settings.pipelining]);
      const connector = known?.key === key ? known.connector : createConnector(settings);
      return [name, { settings, connector, key }];
    }),
  );
}

function createConnector({ protocol, tls, pipelining }: ClusterSettings): Connector {
  const clientTls = tls === undefined ? undefined : new ClientTls(tls);
  const isHttp2 = protocol === 'h2' || protocol === 'h2c';
  return isHttp2 ? new Http2Connector(clientTls) : new Http1Connector(clientTls, pipelining);
}
