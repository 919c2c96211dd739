import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseConfig } from '../../src/config/load.ts';
import { importBfe } from '../../src/import-bfe/import-bfe.ts';
import { WHOLE } from '../support/bfe-whole.ts';

/*
 * Whatever stands in BFE's files: nothing throws, every finding is one line with a place in a file that was read or written, and what was
 * made is a good configuration, or it is told where it is not.
 */

/** The paths of all values in a JSON value. */
function pathsIn(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const entries = Array.isArray(value) ? value.map((item, i) => [i, item] as const) : Object.entries(value);
  return [path, ...entries.flatMap(([key, member]) => pathsIn(member, [...path, key]))];
}

function replaced(value: unknown, [step, ...rest]: readonly (string | number)[], by: unknown): unknown {
  if (step === undefined) return by;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as Record<
    string | number,
    unknown
  >;
  copy[step] = replaced(copy[step], rest, by);
  return copy;
}

const DATA = Object.entries(WHOLE).filter(([, content]) => typeof content === 'object');
const PLACES = DATA.flatMap(([file, content]) => pathsIn(content).map((path) => ({ file, path })));

const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(
    null,
    true,
    -1,
    0,
    1,
    1e308,
    1.5,
    '',
    '*',
    '*.',
    '/',
    '__proto__',
    'constructor',
    '%{',
    '%',
    '\u0000\n',
    '[',
    '::',
  ),
  fc.constantFrom([], {}, [[]], [null], { a: 1 }, ['*'], { __proto__: null, toString: [] }),
  fc.constantFrom(
    'default_t()',
    '!(',
    'req_path_in("", false)',
    'req_host_tag_in("")',
    '!req_method_in("GET")',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.jsonValue({ maxDepth: 2 }),
);

const changes = fc.array(fc.tuple(fc.constantFrom(...PLACES), oddValue), { minLength: 1, maxLength: 4 });

const iniLine = fc.oneof(
  fc.constantFrom(
    '[Server]',
    '[HttpsBasic',
    'HttpPort = x',
    'HttpPort = 99999999999',
    'MonitorPort = -1',
    'Modules = mod_tag',
    'MaxCpus',
  ),
  fc.constantFrom(
    'Layer4LoadBalancer = PROXY',
    'MaxHeaderBytes = 1',
    'HostRuleConf = ../..',
    'MaxCpus = 1000000',
    '"',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
);

test('a tree with anything in it is imported or refused, line by line', () => {
  const directory = mkdtempSync(join(tmpdir(), 'portico-test-'));
  const output = join(directory, 'portico.yaml');
  let made = 0;
  try {
    fc.assert(
      fc.property(changes, fc.array(iniLine, { maxLength: 2 }), (list, lines) => {
        const files = { ...WHOLE };
        for (const [{ file, path }, value] of list) {
          // An earlier change may have taken the place away.
          if (pathsIn(files[file]).some((known) => known.join('\0') === path.join('\0')))
            files[file] = replaced(files[file], path, value);
        }
        files['bfe.conf'] = `${String(WHOLE['bfe.conf'])}${lines.join('\n')}\n`;
        const root = writeTree(directory, files);

        const { yaml, findings } = importBfe({ directory: root, output, load: parseConfig });

        for (const { file, line, text } of findings) {
          assert.ok(file.startsWith('/') && line >= 0, file);
          assert.doesNotMatch(text, /[\p{Cc}\u2028]|undefined|\[object/u);
        }
        const hasErrors = findings.some(({ verdict }) => verdict === 'error');
        if (yaml === undefined) assert.ok(hasErrors);
        else {
          made += 1;
          const result = parseConfig(yaml, output);
          assert.equal(result.ok, !hasErrors, yaml);
        }
      }),
      { numRuns: 100 },
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
  assert.ok(made > 20);
});

function writeTree(directory: string, files: Readonly<Record<string, unknown>>): string {
  const root = join(directory, 'conf');
  rmSync(root, { recursive: true, force: true });
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(
      join(root, name),
      typeof content === 'string' ? content : JSON.stringify(content, undefined, 1),
    );
  }
  return root;
}
