import { parseArgs } from 'node:util';
import { endOnBrokenOutput, outliveBrokenOutput } from './broken-output.ts';
import { obeyEarlySignals } from './early-signals.ts';

/**
 * The command that the arguments name, with its options. Resolves with the exit code. Each command is loaded when it is called, so
 * that `portico help` does not load a server.
 */
export async function runCommand(args: readonly string[]): Promise<number> {
  const [command = 'help', ...rest] = args;
  const isServer = (command === 'run' || command === 'demo') && !asksForHelp(rest);
  if (isServer) outliveBrokenOutput(process);
  else endOnBrokenOutput(process);
  if (asksForHelp(rest)) return helpWith(command);
  if (namesNoFile(rest))
    return fail('-c wants a file, and its name is empty', 'is a variable of the shell unset?');
  switch (command) {
    case 'run':
      return run(rest);
    case 'demo':
      return demo(rest);
    case 'check':
      return check(rest);
    case 'explain':
      return explain(rest);
    case 'diff':
      return diff(rest);
    case 'certs':
      return certs(rest);
    case 'import':
      return importFrom(rest);
    case 'reload':
    case 'status':
    case 'drain': {
      const { runAdminCommand } = await import('./admin-client.ts');
      return runAdminCommand(command, rest, process.stdout, process.stderr);
    }
    case 'schema':
      return schema(rest);
    case 'help':
    case '--help':
    case '-h':
      return rest[0] === undefined ? help() : helpWith(rest[0]);
    case '--version':
    case '-v':
      return version();
    default:
      return unknown(command);
  }
}

async function run(args: readonly string[]): Promise<number> {
  const values = await parse(args, {
    config: CONFIG,
    workers: { type: 'string' },
    pretty: { type: 'boolean' },
  });
  if (values === undefined) return 2;
  const workers = values.workers === undefined ? undefined : Number(values.workers);
  if (workers !== undefined && !(Number.isInteger(workers) && workers >= 1 && workers <= MAX_WORKERS)) {
    return fail(`--workers wants a number from 1 to ${MAX_WORKERS}, not ${values.workers}`);
  }
  const handOver = obeyEarlySignals((code) => process.exit(code));
  const { runServer } = await import('./run.ts');
  const file = await configFile(values.config);
  const stopped = runServer({ file, workers, pretty: values.pretty ?? false });
  // It obeys them now.
  handOver();
  const code = await stopped;
  // Nothing of ours is open any more; whatever is must not keep the process.
  process.exit(code);
}

const MAX_WORKERS = 1024;

async function demo(args: readonly string[]): Promise<number> {
  const values = await parse(args, { config: CONFIG });
  if (values === undefined) return 2;
  const { runDemo } = await import('./demo.ts');
  process.exit(await runDemo(values.config ?? (await defaultFile()), process.stdout, process.stderr));
}

async function check(args: readonly string[]): Promise<number> {
  const values = await parse(args, { config: CONFIG });
  if (values === undefined) return 2;
  const { runCheck } = await import('./check.ts');
  const file = await configFile(values.config);
  return runCheck(file, process.stdout, process.stderr);
}

async function explain(args: readonly string[]): Promise<number> {
  const [{ refuseExplain, runExplain }, { readExplainArguments }, { loadChecked }] = await Promise.all([
    import('./explain.ts'),
    import('./explain-arguments.ts'),
    import('./check.ts'),
  ]);
  const read = readExplainArguments(args);
  if (typeof read === 'string') return refuseExplain(read, process.stderr);
  const file = await configFile(read.file);
  return runExplain(read, loadChecked(file), process.stdout, process.stderr);
}

async function diff(args: readonly string[]): Promise<number> {
  const [{ runDiff }, { loadChecked }, { createReadStream }] = await Promise.all([
    import('./diff.ts'),
    import('./check.ts'),
    import('node:fs'),
  ]);
  const { stdin } = process;
  return runDiff(args, process.stdout, process.stderr, {
    load: (file) => loadChecked(file),
    open: (file) => (file === undefined ? (stdin.isTTY ? undefined : stdin) : createReadStream(file)),
    now: Date.now,
  });
}

async function importFrom(args: readonly string[]): Promise<number> {
  const [{ runImport }, { parseChecked }, { existsSync }, { writeAtomically }] = await Promise.all([
    import('./import-command.ts'),
    import('./check.ts'),
    import('node:fs'),
    import('../tls/atomic-file.ts'),
  ]);
  return runImport(args, process.stdout, process.stderr, {
    load: parseChecked,
    exists: existsSync,
    write: (file, text) => writeAtomically(file, text, 0o644),
  });
}

async function certs(args: readonly string[]): Promise<number> {
  if (args[0] === 'list') return certsList(args.slice(1));
  const [{ runCerts }, { askSecret }] = await Promise.all([import('./certs.ts'), import('./ask-secret.ts')]);
  const { stdin, stderr } = process;
  return runCerts(args, process.stdout, stderr, {
    now: Date.now,
    password: process.env['PORTICO_PASSWORD'],
    askPassword: stdin.isTTY ? (question) => askSecret(question, stdin, stderr) : undefined,
  });
}

async function certsList(args: readonly string[]): Promise<number> {
  const [{ runCertsList }, { loadForRun }, { askServedCertificates }, { listKept }] = await Promise.all([
    import('./certs-list-command.ts'),
    import('./load-for-run.ts'),
    import('./served-certificates.ts'),
    import('./list-kept.ts'),
  ]);
  return runCertsList(args, process.stdout, process.stderr, {
    now: Date.now,
    async loadConfiguration(named) {
      const loaded = loadForRun(await configFile(named), undefined);
      if (!loaded.ok) return { problems: loaded.report };
      const { admin, certificates, acme } = loaded.settings;
      return { admin, certificates: [...certificates, ...listKept(acme)] };
    },
    askServer: askServedCertificates,
  });
}

async function schema(args: readonly string[]): Promise<number> {
  const values = await parse(args, {});
  if (values === undefined) return 2;
  const { runSchema } = await import('./schema.ts');
  return runSchema(process.stdout);
}

async function help(): Promise<number> {
  const { USAGE } = await import('./usage.ts');
  process.stdout.write(USAGE);
  return 0;
}

/** `portico COMMAND --help`, whatever stands beside it. */
function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end < 0 ? args : args.slice(0, end)).some((arg) => arg === '--help' || arg === '-h');
}

/** `-c ""`, which Node would take for the directory it is in. */
function namesNoFile(args: readonly string[]): boolean {
  return args.some(
    (arg, i) => (arg === '' && /^(?:-c|--config)$/.test(args[i - 1] ?? '')) || arg === '--config=',
  );
}

async function helpWith(command: string): Promise<number> {
  const { COMMANDS, usageOf } = await import('./usage.ts');
  if (command === 'help' || command.startsWith('-')) return help();
  if (!COMMANDS.includes(command)) return unknown(command);
  process.stdout.write(usageOf(command));
  return 0;
}

async function version(): Promise<number> {
  const { packageVersion } = await import('./package-root.ts');
  process.stdout.write(`portico ${packageVersion()} (node ${process.versions.node})\n`);
  return 0;
}

async function unknown(command: string): Promise<number> {
  const [{ COMMANDS }, { didYouMean }] = await Promise.all([
    import('./usage.ts'),
    import('../config/nearest-name.ts'),
  ]);
  return fail(`no such command: ${command}`, didYouMean(command, COMMANDS));
}

const CONFIG = { type: 'string', short: 'c' } as const;

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>;

/** The values; undefined after a complaint about what cannot be read. */
async function parse<const O extends Options>(
  args: readonly string[],
  options: O,
): Promise<ParsedValues<O> | undefined> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false }).values as ParsedValues<O>;
  } catch (error) {
    // parseArgs reports what a person typed as a TypeError with a sentence for them.
    if (!(error instanceof TypeError)) throw error;
    const { didYouMean } = await import('../config/nearest-name.ts');
    const mistyped = /^Unknown option '(--[\w-]+)'/.exec(error.message)?.[1];
    const known = Object.keys(options).map((name) => `--${name}`);
    fail(error.message, mistyped === undefined ? undefined : didYouMean(mistyped, known));
    return undefined;
  }
}

type ParsedValues<O extends Options> = {
  readonly [K in keyof O]?: O[K]['type'] extends 'boolean' ? boolean : string;
};

async function defaultFile(): Promise<string> {
  const { defaultConfigFile } = await import('./package-root.ts');
  return defaultConfigFile();
}

/** The file of `-c`, or the default one; fit to be loaded if it is one of the package's own. */
async function configFile(named: string | undefined): Promise<string> {
  const [{ prepareConfiguration }, { defaultConfigFile, packageRoot }] = await Promise.all([
    import('./prepare-configuration.ts'),
    import('./package-root.ts'),
  ]);
  const file = named ?? defaultConfigFile();
  await prepareConfiguration(file, packageRoot(), process.stderr);
  return file;
}

function fail(sentence: string, hint = 'portico help shows what there is'): number {
  process.stderr.write(`${sentence}\n  hint: ${hint}\n`);
  return 2;
}
