import { pairFile, readPair } from '../acme/storage.ts';
import type { AcmeSettings } from '../core/settings.ts';
import type { ListedCertificate } from './certs-list.ts';

/** What is there of the certificates that ACME keeps; only the user of the server may read them. */
export function listKept(acme: readonly AcmeSettings[]): ListedCertificate[] {
  return acme.map((settings) => ({ cert: readCert(settings), certFile: pairFile(settings) }));
}

function readCert(settings: AcmeSettings): string {
  try {
    return readPair(settings)?.cert ?? '';
  } catch (error) {
    // No certificate: the list calls it unreadable.
    return (error as Error).message;
  }
}
