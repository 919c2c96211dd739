import { parseArgs } from 'node:util';
import type { CertificateSettings } from '../core/settings.ts';
import { createCertificate } from './certs-create.ts';
import { listCertificates } from './certs-list.ts';
import type { TextOutput } from './explain.ts';

const CERTS_USAGE = `portico certs create HOST… [--dir certs] [--name NAME]
       portico certs list [--dir certs | -c FILE] [--json]`;

/** What the command needs from the rooms it does not know. */
export interface CertsPorts {
  /** The certificates of a configuration file, or what is wrong with it, ready to print. */
  loadCertificates(file: string): readonly CertificateSettings[] | { readonly problems: string };
  /** Milliseconds since the epoch. */
  now(): number;
}

/** `portico certs …`. Returns the exit code: 2 for arguments or a configuration that cannot be read, 1 when files refuse. */
export function runCerts(
  args: readonly string[],
  out: TextOutput,
  err: TextOutput,
  ports: CertsPorts,
): number {
  const [command, ...rest] = args;
  const parsed = parse(rest);
  if (typeof parsed === 'string') return refuse(err, parsed);
  const { values, positionals } = parsed;
  const directory = values.dir ?? 'certs';

  switch (command) {
    case 'create':
      if (values.config !== undefined || values.json)
        return refuse(err, 'certs create knows --dir and --name');
      return createCertificate({ hosts: positionals, directory, name: values.name }, out, err, ports.now());
    case 'list': {
      if (positionals.length > 0) return refuse(err, `certs list takes no host: ${positionals[0]}`);
      if (values.name !== undefined) return refuse(err, 'certs list knows --dir, -c and --json');
      if (values.dir !== undefined && values.config !== undefined) {
        return refuse(err, 'certs list takes a directory or a configuration, not both');
      }
      const loaded = values.config === undefined ? undefined : ports.loadCertificates(values.config);
      if (loaded !== undefined && 'problems' in loaded) {
        err.write(loaded.problems);
        return 2;
      }
      const source = loaded ?? directory;
      return listCertificates(source, { json: values.json ?? false, now: ports.now() }, out, err);
    }
    case undefined:
      return refuse(err, 'certs needs a command: create or list');
    default:
      return refuse(err, `no such command: certs ${command}`);
  }
}

function refuse(err: TextOutput, sentence: string): number {
  err.write(`${sentence}\nusage: ${CERTS_USAGE}\n`);
  return 2;
}

type ParsedArguments = ReturnType<typeof parseCerts>;

function parseCerts(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      dir: { type: 'string' },
      name: { type: 'string' },
      config: { type: 'string', short: 'c' },
      json: { type: 'boolean' },
    },
  });
}

function parse(args: readonly string[]): ParsedArguments | string {
  try {
    return parseCerts(args);
  } catch (error) {
    // parseArgs reports what a person typed as a TypeError with a sentence for them.
    if (error instanceof TypeError) return error.message;
    throw error;
  }
}
