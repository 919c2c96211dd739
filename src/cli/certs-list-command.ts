import { parseArgs } from 'node:util';
import type { AddressSettings, Settings } from '../core/settings.ts';
import { CERTS_USAGE } from './certs.ts';
import {
  type ListedCertificate,
  type ListSource,
  listCertificates,
  type ServedCertificates,
} from './certs-list.ts';
import type { TextOutput } from './explain.ts';

/** What the command needs from the rooms it does not know. */
export interface CertsListPorts {
  /** A configuration file, or the default one; or what is wrong with it, ready to print. */
  loadConfiguration(file: string | undefined): Promise<ListedConfiguration | { readonly problems: string }>;
  /** What the server at an admin address serves now, or why that cannot be had. */
  askServer(admin: AddressSettings): Promise<ServedCertificates | { readonly because: string }>;
  /** Milliseconds since the epoch. */
  now(): number;
}

interface ListedConfiguration extends Pick<Settings, 'admin'> {
  readonly certificates: readonly ListedCertificate[];
}

/** `portico certs list …`, `args` without these words. Resolves with the exit code: 2 for arguments, files or a configuration that cannot be read. */
export async function runCertsList(
  args: readonly string[],
  out: TextOutput,
  err: TextOutput,
  ports: CertsListPorts,
): Promise<number> {
  const values = parse(args);
  if (typeof values === 'string') {
    err.write(`${values}\nusage: ${CERTS_USAGE}\n`);
    return 2;
  }
  const { dir, config, json = false } = values;
  const source = dir === undefined ? await findSource(config, ports) : { directory: dir };
  if ('problems' in source) {
    err.write(source.problems);
    return 2;
  }
  return listCertificates(source, { json, now: ports.now() }, out, err);
}

/** A running server knows best what is served: it may not have taken what is in the files, and may have certificates without files. */
async function findSource(
  file: string | undefined,
  ports: CertsListPorts,
): Promise<ListSource | { readonly problems: string }> {
  const loaded = await ports.loadConfiguration(file);
  if ('problems' in loaded) return loaded;
  const { admin, certificates } = loaded;
  if (admin === undefined)
    return { certificates, because: 'the configuration has no admin address to ask a running server at' };
  const answer = await ports.askServer(admin);
  return 'because' in answer ? { certificates, because: answer.because } : answer;
}

function parse(args: readonly string[]): { dir?: string; config?: string; json?: boolean } | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        dir: { type: 'string' },
        config: { type: 'string', short: 'c' },
        json: { type: 'boolean' },
      },
    });
    if (positionals.length > 0) return `certs list takes no host: ${positionals[0]}`;
    if (values.dir !== undefined && values.config !== undefined)
      return 'certs list takes a directory or a configuration, not both';
    return values;
  } catch (error) {
    // parseArgs reports what a person typed as a TypeError with a sentence for them.
    if (error instanceof TypeError) return error.message;
    throw error;
  }
}
