/**
 * The package as others get it: packed by npm, installed by npm in a directory of its own, run from there. The dependencies
 * come from npm's cache, which `npm ci` has filled, because the lock file of the checkout is installed again; only where
 * the cache is gone are they fetched.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { PorticoProcess } from '../support/portico-process.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const NPM_TIMEOUT_MS = 100_000;
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
const run = promisify(execFile);

describe('the installed package', () => {
  let app: string;
  let portico: string;

  before(async () => {
    app = realpathSync(mkdtempSync(join(tmpdir(), 'portico-package-')));
    await npm(ROOT, 'pack', '--silent', '--pack-destination', app);
    writeFileSync(join(app, 'package.json'), JSON.stringify(appManifest()));
    writeFileSync(join(app, 'package-lock.json'), JSON.stringify(appLock()));
    await npm(app, 'ci', '--prefer-offline', '--no-audit', '--no-fund');
    portico = join(app, 'node_modules/.bin/portico');
  });

  after(() => rmSync(app, { recursive: true, force: true }));

  test('holds what is needed and nothing of the workshop', () => {
    const installed = join(app, 'node_modules/portico');

    for (const part of [
      'dist/src/main.js',
      'dist/src/index.d.ts',
      'conf/portico.yaml',
      'docs',
      'README.md',
      'LICENSE',
    ])
      assert.ok(existsSync(join(installed, part)), part);
    for (const part of ['src', 'test', 'bench', 'certs', 'node_modules'])
      assert.ok(!existsSync(join(installed, part)), part);
  });

  test('gives the command portico, which runs by itself', async () => {
    const { stdout } = await run(portico, ['--version'], { cwd: app, env: environment() });

    assert.equal(stdout, `portico ${manifest.version} (node ${process.versions.node})\n`);
  });

  test('checks a configuration and tells its faults with their places', async () => {
    const good = writeConfig(app, 'good.yaml', '200');
    const bad = writeConfig(app, 'bad.yaml', 'none');

    const checked = await run(portico, ['check', '-c', good], { cwd: app, env: environment() });
    assert.match(checked.stdout, /good\.yaml: ok/);
    await assert.rejects(
      run(portico, ['check', '-c', bad], { cwd: app, env: environment() }),
      ({ code, stderr }: { code: number; stderr: string }) => code === 2 && /bad\.yaml:3:\d+: /.test(stderr),
    );
  });

  test('runs with workers until it is told to stop', async (t) => {
    const config = writeConfig(app, 'run.yaml', '200');
    const server = new PorticoProcess(['run', '-c', config, '--workers', '2'], { main: portico });
    t.after(() => server.stop());
    await server.ready();

    const response = await fetch(`http://127.0.0.1:${server.port()}/`, { headers: { connection: 'close' } });

    assert.equal(await response.text(), 'from the package');
    assert.equal(await server.stop(), 0);
  });

  test('is a library', async () => {
    writeFileSync(join(app, 'embed.js'), EMBEDDING);

    const { stdout } = await run(process.execPath, ['embed.js'], { cwd: app, env: environment() });

    assert.equal(stdout, 'embedded\n2 problems\n');
  });

  test('brings types that a strict program compiles with', async () => {
    mkdirSync(join(app, 'types'));
    writeFileSync(join(app, 'types/embed.ts'), TYPED);
    const tsconfig = {
      compilerOptions: {
        strict: true,
        noEmit: true,
        module: 'nodenext',
        target: 'es2023',
        skipLibCheck: false,
        types: ['node'],
        typeRoots: [join(ROOT, 'node_modules/@types')],
      },
      files: ['embed.ts'],
    };
    writeFileSync(join(app, 'types/tsconfig.json'), JSON.stringify(tsconfig));

    const { stdout } = await run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', join(app, 'types')], {
      env: environment(),
    }).catch((error) => error);

    assert.equal(stdout, '');
  });
});

const EMBEDDING = `
import { ConfigError, createServer } from 'portico';
const front = createServer({
  listen: [{ address: '127.0.0.1:0' }],
  tenants: { a: { hosts: ['127.0.0.1'], routes: [{ respond: { status: 200, body: 'embedded' } }] } },
});
const [{ port }] = await front.start();
const response = await fetch('http://127.0.0.1:' + port, { headers: { connection: 'close' } });
console.log(await response.text());
await front.stop();
try {
  createServer({ lisen: [], drain: 1 });
} catch (error) {
  if (error instanceof ConfigError) console.log(error.problems.length + ' problems');
}
`;

const TYPED = `
import { type Answer, createServer, type Module } from 'portico';
const module: Module = {
  name: 'typed',
  handlers: {
    foundTenant: ({ tenant }): Answer => ({ kind: 'respond', status: 200, headers: [], body: tenant.name }),
    // @ts-expect-error: there is no tenant yet
    beforeLocation: ({ tenant }) => ({ kind: 'continue' }),
  },
};
const front = createServer({ listen: [{ address: ':8080' }] }, { modules: [module] });
export const port: number | undefined = (await front.start())[0]?.port;
`;

function writeConfig(directory: string, name: string, status: string): string {
  const file = join(directory, name);
  writeFileSync(
    file,
    `listen: [{ address: "127.0.0.1:0" }]
tenants:
  a: { hosts: ["127.0.0.1"], routes: [{ respond: { status: ${status}, body: from the package } }] }
`,
  );
  return file;
}

/** An application that has nothing but the package. */
function appManifest(): object {
  return { name: 'app', private: true, type: 'module', dependencies: { portico: `file:${tarball()}` } };
}

/** Of the lock file of the checkout, what the package needs at run time. */
function appLock(): object {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  const entries = Object.entries<{ dev?: boolean; optional?: boolean }>(packages);
  const needed = entries.filter(([name, { dev }]) => name !== '' && dev !== true);
  const { version, bin, dependencies, engines } = manifest;
  return {
    name: 'app',
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': appManifest(),
      ...Object.fromEntries(needed),
      'node_modules/portico': { version, resolved: `file:${tarball()}`, bin, dependencies, engines },
    },
  };
}

function tarball(): string {
  return `portico-${manifest.version}.tgz`;
}

function npm(directory: string, ...args: string[]): Promise<unknown> {
  return run('npm', args, { cwd: directory, env: environment(), timeout: NPM_TIMEOUT_MS });
}

/** This Node first on PATH, and nothing of the npm that may be running this test: it would name another directory. */
function environment(): NodeJS.ProcessEnv {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(package|lifecycle|config_(local_)?prefix)|^INIT_CWD$/.test(name),
    ),
  );
  return { ...env, PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}` };
}
