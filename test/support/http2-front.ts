import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { testAuthority } from './certificates.ts';
import type { FrontOptions, TestFront } from './front.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { startTlsFront } from './tls-front.ts';

export interface Http2Front {
  readonly front: TestFront;
  /** HTTP/2 by ALPN, for shop.example. */
  readonly tlsPort: number;
  /** HTTP/2 by prior knowledge. */
  readonly plainPort: number;
  /** The authority of its certificate, as a file for command lines. */
  readonly authorityFile: string;
}

/** A front end that speaks HTTP/2 on a TLS and on a plain port, with one backend; any host leads there. */
export async function startHttp2Front(
  test: TestContext,
  backend: string,
  top = '',
  handlers: FrontOptions['handlers'] = {},
): Promise<Http2Front> {
  const plan = {
    cluster: backend,
    tenants: { shop: { hosts: ['shop.example'], tls: '{ protocols: [h2, http/1.1] }' } },
    top: `defaultTenant: shop\n${top}`,
  };
  const front = await startTlsFront(test, plan, handlers);
  const authorityFile = join(temporaryDirectory(test), 'authority.pem');
  writeFileSync(authorityFile, testAuthority().cert);
  return { front, tlsPort: front.port(0), plainPort: front.port(1), authorityFile };
}
