import type { CertificateFiles } from '../certificate.ts';
import type { Command } from '../children.ts';

export type PeerName = 'portico' | 'nginx' | 'haproxy' | 'node:http';

/** What a proxy is asked to be. Its policy is always the same: everything goes to the one origin. */
export interface Front {
  /** The hosts it serves, each with a tenant (or virtual host) of its own; exact names, or `*.suffix`. */
  readonly hosts: readonly string[];
  /** Path rules of the first host, beside its bare default: `/r1/` is everything below it. */
  readonly pathRules: readonly string[];
  readonly accessLog: boolean;
}

/** Where one proxy stands: what its configuration is written from. */
export interface Plan {
  /** Its own empty folder. */
  readonly directory: string;
  readonly plainPort: number;
  readonly tlsPort: number;
  readonly originPort: number;
  readonly certificate: CertificateFiles;
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
