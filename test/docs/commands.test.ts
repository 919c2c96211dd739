import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { COMMANDS } from '../../src/cli/usage.ts';
import { parseConfig } from '../../src/config/load.ts';
import { settingsOf, shortProblems } from '../support/configuration.ts';
import { allDocuments, fencedBlocks, ROOT } from '../support/documents.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const documents = allDocuments();
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));

test('every npm script that a page names exists', () => {
  for (const { file, text } of documents) {
    for (const [, script] of text.matchAll(/\bnpm run ([\w-]+)/g))
      assert.ok(script! in scripts, `${file}: ${script}`);
  }
  for (const script of ['start', 'test', 'check', 'bench']) assert.ok(script in scripts, script);
});

test('every portico command that a page names exists, and the README names them all', () => {
  for (const { file, text } of documents) {
    for (const [, command] of text.matchAll(/(?:`|^|\$ )portico ([a-z]+)/gm))
      assert.ok(COMMANDS.includes(command!), `${file}: portico ${command}`);
  }
  for (const command of COMMANDS)
    if (command !== 'help') assert.ok(readme.includes(`\`portico ${command}`), command);
});

test('every option that the README gives a command is known to it', async () => {
  const main = join(ROOT, 'src/main.ts');
  const { stdout: usage } = await promisify(execFile)(process.execPath, [main, 'help']);

  for (const [, command, options] of readme.matchAll(/`portico (\w+)([^`]*)`/g)) {
    for (const [option] of options!.matchAll(/--?[a-z][\w-]*/g))
      assert.ok(usage.includes(option), `${command} ${option}`);
  }
});

test('the configuration of the README is whole and good', () => {
  const [site] = fencedBlocks(readme, 'yaml');
  const settings = settingsOf(site!);

  assert.deepEqual(
    settings.tenants.map(({ name, hosts }) => [name, hosts]),
    [['site', ['www.example.org', 'localhost']]],
  );
});

test('the pieces of configuration in the README are good, apart from what each leaves out', () => {
  const [, ...pieces] = fencedBlocks(readme, 'yaml');

  assert.ok(pieces.length > 0);
  for (const piece of pieces) {
    const problems = shortProblems(parseConfig(piece, 'portico.yaml'));
    assert.deepEqual(
      problems.filter((problem) => !/cannot read|needs a certificate/.test(problem)),
      [],
    );
  }
});

test('the program of the README runs', async (t) => {
  const [program] = fencedBlocks(readme, 'ts');
  const file = join(temporaryDirectory(t), 'embed.ts');
  const source = program!
    .replace("'portico'", JSON.stringify(pathToFileURL(join(ROOT, 'src/index.ts')).href))
    .replace('127.0.0.1:8080', '127.0.0.1:0');
  writeFileSync(file, `${source}\nconsole.log(front.status().state);\nawait front.stop();\n`);

  const { stdout } = await promisify(execFile)(process.execPath, [file]);

  assert.equal(stdout, 'running\n');
});
