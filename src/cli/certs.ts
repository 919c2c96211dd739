import { parseArgs } from 'node:util';
import { createCertificate } from './certs-create.ts';
import { createSigningRequest } from './certs-csr.ts';
import { importCertificate } from './certs-import.ts';
import type { TextOutput } from './explain.ts';

export const CERTS_USAGE = `portico certs create HOST… [--dir certs] [--name NAME] [--days N] [--key-type ec|rsa]
       portico certs create --client NAME [--dir certs] [--name NAME] [--days N] [--key-type ec|rsa]
       portico certs csr HOST… [--out certs] [--name NAME] [--key FILE | --key-type ec|rsa]
       portico certs import FILE.p12 [--out certs] [--name NAME] [--password-file FILE | --password TEXT]
       portico certs list [-c FILE | --dir certs] [--json]`;

/** What the command needs from the rooms it does not know. */
export interface CertsPorts {
  /** What the environment says is the password of a file to import. */
  readonly password: string | undefined;
  /** Asks the person at the terminal for one; undefined when there is no terminal. */
  readonly askPassword: ((question: string) => Promise<string>) | undefined;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** `portico certs …` but for `list`. Gives the exit code: 2 for arguments that cannot be read, 1 when files refuse. */
export function runCerts(
  args: readonly string[],
  out: TextOutput,
  err: TextOutput,
  ports: CertsPorts,
): number | Promise<number> {
  const [command, ...rest] = args;
  try {
    switch (command) {
      case 'create':
        return create(rest, out, err, ports);
      case 'csr':
        return csr(rest, out, err);
      case 'import':
        return imports(rest, out, err, ports);
      case undefined:
        return refuse(err, 'certs needs a command: create, csr, import or list');
      default:
        return refuse(err, `no such command: certs ${command}`);
    }
  } catch (error) {
    // parseArgs reports what a person typed as a TypeError with a sentence for them.
    if (
      error instanceof TypeError &&
      String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS')
    )
      return refuse(err, error.message);
    throw error;
  }
}

function create(args: readonly string[], out: TextOutput, err: TextOutput, ports: CertsPorts): number {
  const { values, positionals } = parse(args, {
    dir: TEXT,
    name: TEXT,
    days: TEXT,
    'key-type': TEXT,
    client: TEXT,
  });
  const keyType = readKeyType(values['key-type']);
  if (keyType === null) return refuse(err, KEY_TYPES);
  const { days, name, client } = values;
  return createCertificate(
    {
      hosts: positionals,
      client,
      directory: values.dir ?? 'certs',
      name,
      days: days === undefined ? undefined : /^\d{1,6}$/.test(days) ? Number(days) : Number.NaN,
      keyType,
    },
    out,
    err,
    ports.now(),
  );
}

function csr(args: readonly string[], out: TextOutput, err: TextOutput): number {
  const { values, positionals } = parse(args, { out: TEXT, name: TEXT, key: TEXT, 'key-type': TEXT });
  const keyType = readKeyType(values['key-type']);
  if (keyType === null) return refuse(err, KEY_TYPES);
  return createSigningRequest(
    { hosts: positionals, directory: values.out ?? 'certs', name: values.name, keyFile: values.key, keyType },
    out,
    err,
  );
}

function imports(
  args: readonly string[],
  out: TextOutput,
  err: TextOutput,
  ports: CertsPorts,
): number | Promise<number> {
  const { values, positionals } = parse(args, {
    out: TEXT,
    name: TEXT,
    password: TEXT,
    'password-file': TEXT,
  });
  const [file] = positionals;
  if (file === undefined || positionals.length > 1) return refuse(err, 'certs import takes one file');
  return importCertificate(
    {
      file,
      password: values.password,
      passwordFile: values['password-file'],
      directory: values.out ?? 'certs',
      name: values.name,
    },
    out,
    err,
    { password: ports.password, ask: ports.askPassword, now: ports.now() },
  );
}

const TEXT = { type: 'string' } as const;

const KEY_TYPES = '--key-type wants ec or rsa';

/** Null when it is none. */
function readKeyType(text: string | undefined): 'ec' | 'rsa' | undefined | null {
  return text === undefined || text === 'ec' || text === 'rsa' ? text : null;
}

function parse<const O extends NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>>(
  args: readonly string[],
  options: O,
) {
  return parseArgs({ args: [...args], allowPositionals: true, options });
}

function refuse(err: TextOutput, sentence: string): number {
  err.write(`${sentence}\nusage: ${CERTS_USAGE}\n`);
  return 2;
}
