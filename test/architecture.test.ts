/**
 * POLICY. The table below is the architecture: who may import whom, downwards only. It is not a list of what happens to
 * be imported. When this test fails, the import is wrong until docs/architecture.md gives a reason why the table is; do
 * not add a line here merely to make the build pass.
 */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, posix, resolve, sep } from 'node:path';
import { test } from 'node:test';
import { hiddenImportsOf, importsOf, withoutComments } from './support/source-imports.ts';

/** A room (a folder, or a file directly in src/), and everything it may import. What is absent is forbidden. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'protocols/http': ['node:buffer'],
  'protocols/hpack': ['node:buffer', 'hpack.js', 'protocols/http'],
  'protocols/http1': ['node:buffer', 'protocols/http'],
  'protocols/http2': ['node:buffer', 'protocols/hpack', 'protocols/http'],
  'protocols/tls': ['node:buffer', 'protocols/http'],
  'protocols/proxy-protocol': ['node:buffer'],

  'src/core': ['node:buffer', 'node:net', 'protocols/http'],
  'src/config': [
    'node:fs',
    'node:net',
    'node:os',
    'node:path',
    'yaml',
    'zod',
    'protocols/http',
    'src/core',
    'src/route/condition',
    'src/template',
  ],
  'src/template': ['re2js', 'protocols/http', 'src/core'],
  'src/route': ['protocols/http', 'src/core', 'src/route/condition'],
  'src/route/condition': ['re2js', 'protocols/http'],
  'src/balance': ['node:crypto', 'src/core'],
  'src/tls': ['node:crypto', 'node:fs', 'node:path', 'node:tls', 'node-forge', 'protocols/tls', 'src/core'],
  'src/transport': ['node:buffer', 'node:net', 'node:tls', 'protocols/http', 'protocols/http2', 'src/core'],
  'src/upstream': [
    'node:buffer',
    'node:crypto',
    'node:net',
    'node:tls',
    'protocols/http',
    'protocols/http1',
    'protocols/http2',
    'src/core',
    'src/tls',
    'src/transport',
  ],
  'src/downstream': [
    'node:buffer',
    'node:net',
    'node:tls',
    'protocols/http',
    'protocols/http1',
    'protocols/http2',
    'protocols/proxy-protocol',
    'protocols/tls',
    'src/core',
    'src/tls',
    'src/transport',
  ],
  'src/serve': ['node:buffer', 'protocols/http', 'src/core'],
  'src/proxy': [
    'node:buffer',
    'protocols/http',
    'protocols/proxy-protocol',
    'src/balance',
    'src/core',
    'src/route',
    'src/route/condition',
    'src/serve',
    'src/transport',
    'src/upstream',
  ],
  'src/modules/access-log': ['protocols/http', 'src/core'],
  'src/modules/block': ['src/core'],
  'src/modules/header-rules': ['protocols/http', 'src/core'],
  'src/modules/headers': ['protocols/http', 'src/core', 'src/template'],
  'src/modules/redirect': ['protocols/http', 'src/core', 'src/template'],
  'src/modules/respond': ['src/core'],
  'src/modules/rewrite': ['protocols/http', 'src/core', 'src/route', 'src/template'],
  'src/modules/tag': ['src/core', 'src/template'],
  'src/acme': ['node:crypto', 'node:fs', 'node:http', 'node:https', 'node:path', 'src/core', 'src/tls'],
  'src/telemetry': [
    'node:crypto',
    'node:fs',
    'node:http',
    'node:net',
    'node:perf_hooks',
    'node:util',
    'pino',
    'src/core',
  ],

  'src/renewal': [
    'node:crypto',
    'node:fs',
    'node:fs/promises',
    'node:http',
    'node:path',
    'src/core',
    'src/tls',
  ],

  'src/module-kinds.ts': ['node:fs', 'node:module', 'node:path', 'src/core'],
  'src/configured-modules.ts': [
    'src/core',
    'src/module-kinds.ts',
    'src/modules/block',
    'src/modules/headers',
    'src/modules/redirect',
    'src/modules/respond',
    'src/modules/rewrite',
    'src/modules/tag',
    'src/proxy',
    'src/route/condition',
  ],
  'src/explain': [
    'protocols/http',
    'src/balance',
    'src/configured-modules.ts',
    'src/core',
    'src/proxy',
    'src/route',
    'src/route/condition',
    'src/tls',
  ],
  'src/server.ts': [
    'node:crypto',
    'node:net',
    'src/balance',
    'src/configured-modules.ts',
    'src/core',
    'src/downstream',
    'src/modules/header-rules',
    'src/proxy',
    'src/route',
    'src/serve',
    'src/tls',
    'src/transport',
    'src/upstream',
  ],
  'src/embedded-server.ts': [
    'node:net',
    'src/config',
    'src/core',
    'src/explain',
    'src/modules/access-log',
    'src/renewal',
    'src/serve',
    'src/server.ts',
    'src/telemetry',
    'src/tls',
    'src/module-kinds.ts',
  ],
  'src/index.ts': ['protocols/http', 'src/config', 'src/core', 'src/embedded-server.ts', 'src/serve'],
  'src/workers': [
    'node:cluster',
    'node:crypto',
    'node:fs',
    'node:inspector',
    'node:net',
    'node:os',
    'node:path',
    'node:timers/promises',
    'node:url',
    'node:v8',
    'node:vm',
    'src/acme',
    'src/core',
    'src/explain',
    'src/modules/access-log',
    'src/renewal',
    'src/server.ts',
    'src/telemetry',
    'src/tls',
  ],
  'src/import-bfe': ['node:fs', 'node:net', 'node:path', 'yaml', 'src/config', 'src/route/condition'],
  'src/cli': [
    'node:child_process',
    'node:crypto',
    'node:fs',
    'node:http',
    'node:net',
    'node:path',
    'node:url',
    'node:util',
    'protocols/http',
    'src/acme',
    'src/config',
    'src/core',
    'src/explain',
    'src/import-bfe',
    'src/telemetry',
    'src/tls',
    'src/workers',
    'src/module-kinds.ts',
  ],
  'src/main.ts': ['src/cli'],
};

/** Loads modules of the people who run Portico, which is what cannot be followed by reading. */
const OF_OTHERS = 'src/module-kinds.ts';

/** Every request passes these: the classes of node:http and streams cost more than the whole budget (docs/benchmarks.md). */
const HOT_PATH = [
  'protocols/http',
  'protocols/hpack',
  'protocols/http1',
  'protocols/http2',
  'protocols/tls',
  'protocols/proxy-protocol',
  'src/core',
  'src/transport',
  'src/downstream',
  'src/upstream',
  'src/proxy',
  'src/route',
  'src/route/condition',
  'src/template',
  'src/balance',
];
const TOO_COSTLY = ['http', 'http2', 'https', 'stream', 'events'];

/** What an engine must be told and may not find out for itself: time, chance, the process it runs in. */
const IMPURE =
  /\b(?:Date|performance|setTimeout|setInterval|setImmediate|queueMicrotask|process|console|crypto|globalThis)\b|\bMath\.random\b/;

const NO_FOLDERS = new Set(['utils', 'util', 'helpers', 'common', 'lib', 'types', 'shared', 'misc']);
const ROOT = resolve(import.meta.dirname, '..');
const files = globSync('{protocols,src}/**/*.ts', { cwd: ROOT }).map(withSlashes).toSorted();
const everything = globSync('{protocols,src,test,bench,examples}/**/*.ts', { cwd: ROOT }).map(withSlashes);

test('every import goes down the table', () => {
  const strangers = files.flatMap((file) => strangersIn(file, read(file)));

  assert.deepEqual(strangers, []);
});

test('the table has no way back up', () => {
  const inProgress = new Set<string>();
  const visit = (room: string, trail: readonly string[]): void => {
    assert.ok(
      !inProgress.has(room),
      `the rooms import each other in a circle: ${[...trail, room].join(' → ')}`,
    );
    inProgress.add(room);
    for (const below of MAY_IMPORT[room] ?? []) visit(below, [...trail, room]);
    inProgress.delete(room);
  };

  for (const room of Object.keys(MAY_IMPORT)) visit(room, []);
});

test('the whole tree was visited, and every room of the table', () => {
  const rooms = new Set(files.map(roomOf));
  const imports = files.flatMap((file) => importsOf(read(file)));

  assert.deepEqual([...rooms].toSorted(), Object.keys(MAY_IMPORT).toSorted());
  assert.ok(files.length >= 180, `only ${files.length} files were visited`);
  assert.ok(imports.length >= 700, `only ${imports.length} imports were seen`);
});

test('a stranger in any form of import is noticed', () => {
  const upwards = "'../proxy/pipeline.ts'";
  const forms = [
    `import { Pipeline } from ${upwards};`,
    `import type { Pipeline } from ${upwards};`,
    `import {\n  type Pipeline,\n} from ${upwards};`,
    `import * as pipeline from ${upwards};`,
    `import ${upwards};`,
    `export { Pipeline } from ${upwards};`,
    `export * from ${upwards};`,
    `export type { Pipeline } from ${upwards};`,
    `const { Pipeline } = await import(${upwards});`,
    `let pipeline: import(${upwards}).Pipeline;`,
  ];

  for (const form of forms) {
    const found = strangersIn('src/downstream/listener.ts', `${form}\n`);
    assert.deepEqual(found, ['src/downstream/listener.ts: src/proxy'], form);
  }
});

test('a builtin, a package, a missing file and a hidden import are noticed', () => {
  const found = (line: string) => strangersIn('src/route/tenant.ts', `${line}\n`);

  assert.deepEqual(found("import { readFileSync } from 'node:fs';"), ['src/route/tenant.ts: node:fs']);
  assert.deepEqual(found("import { readFileSync } from 'fs';"), ['src/route/tenant.ts: fs']);
  assert.deepEqual(found("import pino from 'pino';"), ['src/route/tenant.ts: pino']);
  assert.deepEqual(found("import { x } from './nowhere.ts';"), [
    'src/route/tenant.ts: ./nowhere.ts (no such file)',
  ]);
  assert.deepEqual(found("import { x } from './tenant.js';"), [
    'src/route/tenant.ts: ./tenant.js (no such file)',
  ]);
  assert.deepEqual(found('await import(name);'), ['src/route/tenant.ts: import( (cannot be followed)']);
  assert.deepEqual(found("process.getBuiltinModule('fs');"), [
    'src/route/tenant.ts: getBuiltinModule (cannot be followed)',
  ]);
  assert.deepEqual(found("// import pino from 'pino'"), []);
});

test('no room on the hot path may import http, http2, https, stream or events', () => {
  const costly = HOT_PATH.flatMap((room) =>
    MAY_IMPORT[room]!.filter((name) => TOO_COSTLY.includes(name.replace(/^node:/, ''))),
  );

  assert.deepEqual(costly, []);
});

test('downstream and upstream know neither each other nor the proxy', () => {
  assert.ok(!MAY_IMPORT['src/downstream']!.some((room) => ['src/upstream', 'src/proxy'].includes(room)));
  assert.ok(!MAY_IMPORT['src/upstream']!.some((room) => ['src/downstream', 'src/proxy'].includes(room)));
});

test('no module imports another module', () => {
  for (const [room, allowed] of Object.entries(MAY_IMPORT)) {
    if (room.startsWith('src/modules/'))
      assert.deepEqual(
        allowed.filter((name) => name.startsWith('src/modules/')),
        [],
      );
  }
});

test('engines find out nothing for themselves: no clock, no timer, no chance, no process', () => {
  const impure = files
    .filter((file) => file.startsWith('protocols/'))
    .filter((file) => IMPURE.test(withoutStrings(withoutComments(read(file)))));

  assert.deepEqual(impure, []);
});

test('no files import each other in a circle', () => {
  const graph = new Map(files.map((file) => [file, runtimeImports(file)]));
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    const at = trail.indexOf(file);
    assert.ok(at < 0, `a circle: ${[...trail.slice(at), file].join(' → ')}`);
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...trail, file]);
    done.add(file);
  };

  for (const file of files) visit(file, []);
});

/** gRPC is not to be shown without a program that speaks it. */
const FOR_EXAMPLES: ReadonlySet<string> = new Set(['../src/index.ts', '@grpc/grpc-js']);

test('examples use the library face only, and what they show it with', () => {
  const examples = everything.filter((file) => file.startsWith('examples/'));
  const others = examples.flatMap((file) =>
    importsOf(read(file))
      .map(({ specifier }) => specifier)
      .filter((specifier) => !FOR_EXAMPLES.has(specifier) && !specifier.startsWith('node:')),
  );

  assert.ok(examples.length > 0);
  assert.deepEqual(others, []);
});

test('folders are named after what is in them, files are kebab-case, nothing is exported by default', () => {
  for (const file of everything) {
    const parts = file.split('/');
    const name = parts.pop()!;
    assert.deepEqual(
      parts.filter((part) => NO_FOLDERS.has(part) || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(part)),
      [],
      file,
    );
    assert.match(name, /^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.d)?\.ts$/, file);
    assert.doesNotMatch(read(file), /^export default\b|^export \{[^}]*\bas default\b/m, file);
  }
});

/** The imports of a file that the table does not allow, as `file: what`. */
function strangersIn(file: string, source: string): string[] {
  const room = roomOf(file);
  const allowed = MAY_IMPORT[room] ?? [];
  const strangers = importsOf(source).flatMap(({ specifier }) => {
    if (!specifier.startsWith('.')) return allowed.includes(specifier) ? [] : [specifier];
    const target = resolveImport(file, specifier);
    if (!existsSync(join(ROOT, target))) return [`${specifier} (no such file)`];
    const there = roomOf(target);
    return there === room || allowed.includes(there) ? [] : [there];
  });
  const hidden =
    file === OF_OTHERS ? [] : hiddenImportsOf(source).map((text) => `${text} (cannot be followed)`);
  return [...strangers, ...hidden].map((what) => `${file}: ${what}`);
}

function runtimeImports(file: string): string[] {
  return importsOf(read(file))
    .filter(({ specifier, isTypeOnly }) => specifier.startsWith('.') && !isTypeOnly)
    .map(({ specifier }) => resolveImport(file, specifier));
}

/** `src/modules/access-log/json-text.ts` lives in `src/modules/access-log`, `src/server.ts` in a room of its own. */
function roomOf(file: string): string {
  const parts = file.split('/');
  if (parts.length <= 2) return file;
  const isRoomWithin = parts[1] === 'modules' || file.startsWith('src/route/condition/');
  return parts.slice(0, isRoomWithin ? 3 : 2).join('/');
}

function resolveImport(file: string, specifier: string): string {
  return posix.join(posix.dirname(file), specifier);
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

function withoutStrings(code: string): string {
  return code.replace(/'(?:[^'\\\n]|\\.)*'|`(?:[^`\\$]|\\.)*`/g, "''");
}

function withSlashes(path: string): string {
  return path.split(sep).join('/');
}
