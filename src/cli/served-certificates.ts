import type { AddressSettings } from '../core/settings.ts';
import type { AdminStatus } from '../telemetry/admin-status.ts';
import { askAdmin, connectableHost } from './ask-admin.ts';
import type { ServedCertificates } from './certs-list.ts';

/** Asks the server at an admin address what it serves; or says why that cannot be had. */
export async function askServedCertificates(
  admin: AddressSettings,
): Promise<ServedCertificates | { readonly because: string }> {
  try {
    const address = { host: connectableHost(admin.host), port: admin.port };
    const { status, body } = await askAdmin('GET', '/status', address, TIMEOUT_MS);
    if (status !== 200) return { because: `${admin.text} answers ${status} when asked what is served` };
    const { certificates, pid, configuration } = JSON.parse(body) as AdminStatus;
    return { server: `the server at ${admin.text} (process ${pid}, ${configuration})`, certificates };
  } catch (error) {
    return { because: `no running server answers at ${admin.text} (${(error as Error).message})` };
  }
}

/** Somebody waits at a terminal, and the files are at hand. */
const TIMEOUT_MS = 5_000;
