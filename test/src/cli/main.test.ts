import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { COMMANDS, USAGE } from '../../../src/cli/usage.ts';
import { writeConfig } from '../../support/portico-process.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));

test('help names every command and goes to stdout with exit code 0', () => {
  for (const args of [['help'], ['--help'], []]) {
    const { status, stdout, stderr } = portico(args);

    assert.deepEqual([status, stdout, stderr], [0, USAGE, '']);
  }
  for (const command of COMMANDS) assert.ok(USAGE.includes(command), command);
});

test('each command tells how it is called, whatever else is asked of it, and does nothing', () => {
  for (const command of COMMANDS) {
    const { status, stdout, stderr } = portico([command, '-c', '/nowhere.yaml', '--help']);

    assert.deepEqual([status, stderr], [0, ''], command);
    assert.match(
      stdout,
      new RegExp(`^ {2}portico (reload \\| |status \\| |)*${command}\\b|^portico: `),
      command,
    );
    assert.match(stdout, /\n\nFILE is /, command);
    if (command === 'run') assert.doesNotMatch(stdout, /portico demo/);
  }
  assert.match(portico(['certs', 'create', '-h']).stdout, /^ {2}portico certs {2}create HOST…/);
  assert.equal(portico(['chekc', '--help']).status, 2);
  assert.equal(portico(['check', '--', '-h']).status, 2);
});

test('tells its version', () => {
  assert.match(portico(['--version']).stdout, /^portico \d+\.\d+\.\d+ \(node \d+/);
});

test('an unknown command ends with 2 and a guess', () => {
  const { status, stderr } = portico(['realod']);

  assert.equal(status, 2);
  assert.match(stderr, /no such command: realod\n {2}hint: did you mean "reload"\?/);
});

test('an unknown option ends with 2 and a guess', () => {
  for (const [command, wrong, meant] of [
    ['run', '--worker', '--workers'],
    ['check', '--confg', '--config'],
  ] as const) {
    const { status, stderr } = portico([command, wrong]);

    assert.equal(status, 2);
    assert.ok(stderr.includes(`did you mean "${meant}"?`), stderr);
  }
});

test('explain judges its arguments before it makes certificates for the configuration of the package', () => {
  const root = ownPackage();
  const explain = (...args: string[]) =>
    spawnSync(process.execPath, [join(root, 'src/main.ts'), 'explain', ...args], {
      cwd: root,
      encoding: 'utf8',
    });

  const wrong = explain('http://h/', '--client-ip', 'nobody');
  assert.deepEqual([wrong.status, existsSync(join(root, 'certs'))], [2, false]);
  assert.match(wrong.stderr, /^not an IP address: nobody\nusage: /);

  const right = explain('http://localhost/');
  assert.deepEqual([right.status, existsSync(join(root, 'certs'))], [0, true]);
});

test('refuses a number of workers that is none', () => {
  for (const workers of ['0', 'many', '1.5', '99999']) {
    const { status, stderr } = portico(['run', '--workers', workers]);

    assert.equal(status, 2);
    assert.match(stderr, /--workers wants a number from 1/);
  }
});

test('check and run agree on what is wrong with a configuration', () => {
  const file = writeConfig('listne: []\n');

  const [check, run] = [portico(['check', '-c', file]), portico(['run', '-c', file])];

  assert.deepEqual([check.status, run.status], [2, 2]);
  assert.match(check.stderr, /unknown key "listne"/);
  assert.match(run.stderr, /unknown key "listne"/);
});

test('without -c the configuration of the package is taken where there is none', () => {
  const { status, stdout, stderr } = portico(['explain', 'http://localhost/hello'], emptyDirectory());

  assert.equal(status, 0, stderr);
  assert.match(stdout, /tenant +shop/);
});

test('prints the schema', () => {
  assert.equal(typeof JSON.parse(portico(['schema']).stdout), 'object');
});

test('lists certificates of an empty directory', () => {
  const { status, stdout } = portico(['certs', 'list', '--dir', emptyDirectory()]);

  assert.deepEqual([status, stdout], [0, 'no certificates\n']);
});

test('files that are not there are called so by every command that reads one', () => {
  for (const args of [
    ['check', '-c', '/nowhere'],
    ['certs', 'import', '/nowhere'],
    ['certs', 'csr', 'a.example', '--key', '/nowhere'],
    ['diff', '/nowhere', '/nowhere'],
  ]) {
    const { status, stderr } = portico(args, emptyDirectory());
    assert.notEqual(status, 0);
    assert.match(stderr, /^\/nowhere: cannot be read: no such file\n/, args.join(' '));
  }
});

test('a file in the place of a directory is told in a sentence, without the name of a call', () => {
  const directory = emptyDirectory();
  const file = join(directory, 'certs');
  writeFileSync(file, '');
  mkdirSync(join(directory, 'conf'));
  const config = join(directory, 'conf', 'portico.yaml');
  writeFileSync(config, '');

  for (const [args, expected] of [
    [
      ['certs', 'create', 'a.example'],
      /^certs\/a\.example\.pem: a file stands where a directory is needed\n$/,
    ],
    [['certs', 'csr', 'a.example'], /^certs: a file stands where a directory is needed\n$/],
    [
      ['demo', '-c', config],
      /certs\S*: a file stands where .*\n {2}hint: the demonstration makes its certificates in /,
    ],
  ] as const) {
    const { status, stderr } = portico(args, directory);
    assert.ok(status === 1 || status === 2, args.join(' '));
    assert.match(stderr, expected);
  }
});

test('the demonstration makes nothing beside a configuration that is not there', () => {
  const directory = emptyDirectory();

  const { status, stderr } = portico(['demo', '-c', 'conf/missing.yaml'], directory);

  assert.deepEqual([status, stderr], [2, 'conf/missing.yaml: cannot be read: no such file\n']);
  assert.deepEqual(readdirSync(directory), []);
});

test('the demonstration of an example makes its certificates where it looks for them, and asks no stream for a page', async (t) => {
  const root = ownPackage();
  const file = join(root, 'conf/examples/mine.yaml');
  const config = readFileSync(join(root, 'conf/examples/stream.yaml'), 'utf8')
    .replaceAll(/:(8443|6379)"/g, '127.0.0.1:0"')
    .replaceAll(/127\.0\.0\.1:(9001|6380|6381|2525)/g, '192.0.2.1:$1');
  writeFileSync(file, config);
  const child = spawn(process.execPath, [join(root, 'src/main.ts'), 'demo', '-c', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));

  let said = '';
  for await (const piece of child.stdout.setEncoding('utf8')) {
    said += piece;
    if (said.includes('Ctrl-C ends it all.')) child.kill('SIGTERM');
  }

  assert.match(said, /curl --cacert \S*certs\/local-ca\.pem .* https:\/\/shop\.example\.org/);
  assert.doesNotMatch(said, /http:\/\/localhost/);
  assert.deepEqual([existsSync(join(root, 'certs')), existsSync(join(root, 'conf/certs'))], [true, false]);
});

test('a configuration whose name is empty is not taken for the directory', () => {
  for (const args of [
    ['check', '-c', ''],
    ['explain', 'http://a/', '--config='],
    ['status', '--config', ''],
  ]) {
    const { status, stderr } = portico(args);
    assert.equal(status, 2);
    assert.match(stderr, /^-c wants a file, and its name is empty\n/);
  }
});

test('help tells of one command what it is asked for', () => {
  assert.equal(portico(['help', 'check']).stdout, portico(['check', '--help']).stdout);
  assert.equal(portico(['help', 'chekc']).status, 2);
});

test('when nobody reads on, a command ends without a word, as one that SIGPIPE ends', () => {
  const { status, stdout, stderr } = inShell('{ "$0" "$1" schema; echo $? >&2; } | :');

  assert.deepEqual([status, stdout, stderr], [0, '', '141\n']);
});

test('what cannot be written is said, in a sentence', { skip: !existsSync('/dev/full') }, () => {
  const { status, stderr } = inShell('"$0" "$1" schema > /dev/full');

  assert.deepEqual([status, stderr], [1, 'the output cannot be written: the disk is full\n']);
});

test('a stop that comes while the server is being loaded is one without a server', () => {
  const signal = (name: string): string =>
    `data:text/javascript,${encodeURIComponent(`import { registerHooks } from 'node:module';
      registerHooks({ resolve(name, context, next) {
        if (name.endsWith('/run.ts')) process.kill(process.pid, '${name}');
        return next(name, context);
      } });`)}`;
  const run = (name: string, file: string) =>
    spawnSync(process.execPath, ['--import', signal(name), MAIN, 'run', '-c', file], { encoding: 'utf8' });
  const file = writeConfig('listen: [{ address: "127.0.0.1:0" }]\n');

  for (const name of ['SIGTERM', 'SIGINT']) {
    const { status, signal, stderr } = run(name, file);
    assert.deepEqual([status, signal, stderr], [0, null, ''], name);
  }
  for (const name of ['SIGHUP', 'SIGUSR1']) {
    const { status, stderr } = run(name, '/nowhere');
    assert.deepEqual([status, stderr], [2, '/nowhere: cannot be read: no such file\n'], name);
  }
});

/** `$0` and `$1` run Portico. */
function inShell(command: string): SpawnSyncReturns<string> {
  return spawnSync('sh', ['-c', command, process.execPath, MAIN], { encoding: 'utf8' });
}

function portico(args: readonly string[], cwd?: string): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', cwd });
}

/** The package as it is after a checkout: without certificates. */
function ownPackage(): string {
  const root = emptyDirectory();
  for (const name of ['src', 'protocols', 'conf', 'package.json'])
    cpSync(join(ROOT, name), join(root, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  return root;
}

function emptyDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'portico-'));
}
