import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { runImport } from '../../../src/cli/import-command.ts';
import { parseConfig } from '../../../src/config/load.ts';
import { type BfeFiles, bfeTree } from '../../support/bfe-tree.ts';

function run(args: readonly string[]) {
  const result = { code: 0, out: '', err: '' };
  result.code = runImport(
    args,
    { write: (text) => (result.out += text) },
    { write: (text) => (result.err += text) },
    { load: parseConfig, exists: existsSync, write: writeFileSync },
  );
  return result;
}

function tree(t: TestContext, files: BfeFiles = {}) {
  const root = bfeTree(t, files);
  return { root, output: join(dirname(root), 'site.yaml') };
}

test('the configuration goes to standard output, the report to standard error, and all is well', (t) => {
  const { root } = tree(t);

  const { code, out, err } = run(['bfe', root]);

  assert.equal(code, 0, err);
  assert.ok(parseConfig(out, 'portico.yaml').ok);
  assert.match(err, /conf\/bfe\.conf:2: kept {5}HttpPort 8080, as listen\n/);
  assert.match(err, /conf: \d+ kept, \d+ changed, 0 dropped, 0 error\n$/);
});

test('what is dropped is told by the exit code', (t) => {
  const { root } = tree(t, { 'bfe.conf': '[Server]\nKeepAliveEnabled = false\n' });

  const { code, out, err } = run(['bfe', root]);

  assert.equal(code, 1);
  assert.ok(parseConfig(out, 'portico.yaml').ok);
  assert.match(err, /conf\/bfe\.conf:2: dropped {2}KeepAliveEnabled false/);
});

test('what is not good yet is told by the exit code, with its line in the new file', (t) => {
  const certificate = { ServerCertFile: 'a.crt', ServerKeyFile: 'a.key' };
  const { root, output } = tree(t, {
    'tls_conf/server_cert_conf.data': {
      Version: '1',
      Config: { Default: 'a', CertConf: { a: certificate } },
    },
  });

  const { code, err } = run(['bfe', root, '--output', output]);

  assert.equal(code, 1);
  const [, line] = /site\.yaml:(\d+): error {4}cannot read "conf\/a\.crt": no such file/.exec(err)!;
  assert.match(readFileSync(output, 'utf8').split('\n')[Number(line) - 1]!, /conf\/a\.crt/);
});

test('on standard output files are named absolutely, because nobody knows where it goes', (t) => {
  const certificate = { ServerCertFile: 'a.crt', ServerKeyFile: 'a.key' };
  const { root } = tree(t, {
    'a.crt': 'a',
    'a.key': 'b',
    'tls_conf/server_cert_conf.data': {
      Version: '1',
      Config: { Default: 'a', CertConf: { a: certificate } },
    },
  });

  const { code, out, err } = run(['bfe', root]);

  assert.equal(code, 0, err);
  assert.ok(out.includes(`cert: ${join(root, 'a.crt')}, key: ${join(root, 'a.key')}`), out);
});

test('nothing is made of a tree that cannot be read', (t) => {
  const { root, output } = tree(t, { 'cluster_conf/gslb.data': '{\n"Clusters": {,\n' });

  const { code, out, err } = run(['bfe', root, '--output', output]);

  assert.deepEqual([code, out, existsSync(output)], [2, '', false]);
  assert.match(err, /gslb\.data:2: error {4}this is not JSON/);
  assert.match(err, /nothing was made: 1 to be put right first\n$/);
});

test('a file that is there is only replaced by force', (t) => {
  const { root, output } = tree(t);
  writeFileSync(output, 'mine');

  const refused = run(['bfe', root, '-o', output]);
  assert.deepEqual([refused.code, refused.out], [2, '']);
  assert.equal(refused.err, `${output} is there already and stays as it is; --force replaces it\n`);
  assert.equal(readFileSync(output, 'utf8'), 'mine');

  const forced = run(['bfe', root, '-o', output, '--force']);
  assert.deepEqual([forced.code, forced.out], [0, '']);
  assert.match(forced.err, /; written to .*site\.yaml\n$/);
  assert.ok(parseConfig(readFileSync(output, 'utf8'), output).ok);
});

test('a file that cannot be written is told', (t) => {
  const { root, output } = tree(t);

  const { code, err } = run(['bfe', root, '--output', join(output, 'site.yaml')]);

  assert.equal(code, 2);
  assert.match(err, /^the configuration cannot be written: .*site\.yaml: no such file or directory$/m);
});

test('arguments that say nothing are refused with what to write', () => {
  for (const [args, sentence] of [
    [[], 'import needs to know from what: bfe'],
    [['nginx', 'conf'], 'nothing is imported from "nginx", only from bfe'],
    [['bfe'], 'import bfe takes one directory, the conf of BFE'],
    [['bfe', 'a', 'b'], 'import bfe takes one directory, the conf of BFE'],
    [['bfe', 'a', '--force'], '--force is for --output'],
    [['bfe', 'a', '--out', 'b'], "Unknown option '--out'"],
  ] as const) {
    const { code, out, err } = run(args);
    assert.deepEqual([code, out], [2, '']);
    assert.ok(err.startsWith(sentence), err);
    assert.match(err, /\nusage: portico import bfe DIR \[--output FILE \[--force\]\]\n$/);
  }
});
