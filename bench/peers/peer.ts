import type { CertificateFiles, HostCertificates } from '../certificate.ts';
import type { Command } from '../children.ts';
import type { HttpVersion } from '../load/load.ts';

export type PeerName = 'portico' | 'nginx' | 'haproxy' | 'node:http' | 'node:http2' | 'node:net';

/** What a proxy is asked to be. Its policy is always the same: everything goes to the one origin. */
export interface Front {
  /** The hosts it serves, each with a tenant (or virtual host) of its own; exact names, or `*.suffix`. */
  readonly hosts: readonly string[];
  /** Path rules of the first host, beside its bare default: `/r1/` is everything below it. */
  readonly pathRules: readonly string[];
  readonly accessLog: boolean;
  /** Each host has a certificate of its own, beside the one for all others. */
  readonly hasHostCertificates: boolean;
  /**
   * `h2`: clients may speak HTTP/2 on TLS, by ALPN, and do on the plain port, with prior knowledge. `stream`: what clients
   * say is relayed as it is, behind TLS and on the plain port, and no host or path is looked at.
   */
  readonly clients: HttpVersion | 'stream';
  /** What is spoken to the origin, without TLS. */
  readonly origin: HttpVersion;
  /** Requests under way at a time on a connection to an origin of HTTP/1.1; what only Portico does. */
  readonly pipelining: number;
  /** Before a fleet of backends that may fail, in place of the one origin. */
  readonly hasFleet: boolean;
}

/** Where one proxy stands: what its configuration is written from. */
export interface Plan {
  /** Its own empty folder. */
  readonly directory: string;
  readonly plainPort: number;
  readonly tlsPort: number;
  /** Where the origin speaks `front.origin`. */
  readonly originPort: number;
  /** Where the backends of the fleet are, if the front has one. */
  readonly fleetPorts: readonly number[] | undefined;
  readonly certificate: CertificateFiles;
  /** One for each host of the front, if it wants that. */
  readonly hostCertificates: HostCertificates | undefined;
  readonly front: Front;
}

export interface Peer {
  readonly name: PeerName;
  /** The program it needs; undefined: it comes with this repository. */
  readonly program: string | undefined;
  /** Writes its configuration below `plan.directory` and says how to start it in the foreground. */
  readonly prepare: (plan: Plan) => Command;
  /** Printed when it is ready to serve; undefined: it is ready when its ports accept. */
  readonly ready: RegExp | undefined;
}
