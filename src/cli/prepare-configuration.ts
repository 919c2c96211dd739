import { realpathSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import type { TextOutput } from './explain.ts';

/**
 * A configuration of the package itself is good from the first moment: its certificates are made when it is first used,
 * in whatever command. Anybody else's is left alone. `root`: where the package is.
 */
export async function prepareConfiguration(file: string, root: string, out: TextOutput): Promise<void> {
  if (!isOwnConfiguration(file, root)) return;
  // Loaded only here: issuing certificates takes a library that takes a tenth of a second to load.
  const { makeLocalCertificates } = await import('./local-certificates.ts');
  try {
    makeLocalCertificates(join(root, 'certs'), out);
  } catch {
    // Nothing can be written here; the configuration's own complaint will say which files are not there.
  }
}

/** Whether a configuration is one of the package, whose certificates are in `certs` of it. */
export function isOwnConfiguration(file: string, root: string): boolean {
  try {
    const path = relative(realpathSync(join(root, 'conf')), dirname(realpathSync(file)));
    return path !== '..' && !path.startsWith(`..${sep}`);
  } catch {
    return false;
  }
}
