import type { BackendTlsSettings } from '../core/settings.ts';
import { checkChain } from './chain-check.ts';
import type { Finding } from './finding.ts';
import { checkKey } from './key-check.ts';
import { readChain } from './read-chain.ts';

interface BackendTlsProblem extends Omit<Finding, 'field'> {
  readonly field: 'ca' | 'cert' | 'key';
}

/**
 * What is wrong with the files for TLS to instances. Never throws, whatever they hold. Fits what the configuration's loader is
 * handed to look into them with.
 */
export function checkBackendTls(
  { ca, cert, key }: Pick<BackendTlsSettings, 'ca' | 'cert' | 'key'>,
  now: number = Date.now(),
): BackendTlsProblem[] {
  const problems: BackendTlsProblem[] = [];
  if (ca !== undefined) {
    const authorities = readChain(ca, new Map());
    if (!Array.isArray(authorities)) problems.push({ field: 'ca', ...authorities });
  }
  if (cert === undefined || key === undefined) return problems;
  const chain = readChain(cert, new Map());
  if (!Array.isArray(chain)) problems.push({ field: 'cert', ...chain });
  const certificates = Array.isArray(chain) ? chain : [];
  problems.push(...checkKey(key, certificates), ...checkChain(certificates, now));
  return problems;
}
