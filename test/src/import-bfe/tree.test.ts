import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseConfig } from '../../../src/config/load.ts';
import { importBfe } from '../../../src/import-bfe/import-bfe.ts';
import { type BfeFiles, bfeTree } from '../../support/bfe-tree.ts';

const GSLB = 'cluster_conf/gslb.data';

/** What keeps a tree from being imported, without its directory. */
function errorsOf(root: string): string[] {
  const { yaml, findings } = importBfe({ directory: root, output: undefined, load: parseConfig });
  assert.equal(yaml, undefined);
  return findings
    .filter(({ verdict }) => verdict === 'error')
    .map(({ file, line, text }) => `${file.replace(`${root}/`, '')}:${line} ${text}`);
}

function errors(t: TestContext, files: BfeFiles): string[] {
  return errorsOf(bfeTree(t, files));
}

test('each file that BFE cannot do without is missed by name', (t) => {
  const names = [
    'server_data_conf/host_rule.data',
    'server_data_conf/route_rule.data',
    'server_data_conf/cluster_conf.data',
    'cluster_conf/cluster_table.data',
    GSLB,
  ];

  assert.deepEqual(
    errors(t, Object.fromEntries(names.map((name) => [name, undefined]))),
    names.map((name) => `${name}:0 no such file`),
  );
  assert.deepEqual(errors(t, { 'bfe.conf': undefined }), ['bfe.conf:0 no such file']);
  assert.deepEqual(errorsOf('/no/such/directory'), ['bfe.conf:0 no such file']);
});

test('all that cannot be read is told at once, with its line', (t) => {
  assert.deepEqual(
    errors(t, {
      [GSLB]: '{\n"Clusters": {},\n}',
      'server_data_conf/vip_rule.data': '{"Vips": {\n\n',
      'tls_conf/tls_rule_conf.data': 'Config: {}\n',
    }),
    [
      'server_data_conf/vip_rule.data:1 the text ends too early',
      `${GSLB}:3 this is not JSON: Expected double-quoted property name`,
      'tls_conf/tls_rule_conf.data:1 this is not JSON: Unexpected "C"',
    ],
  );
  assert.deepEqual(errors(t, { 'bfe.conf': '[Server]\n{\n' }), [
    'bfe.conf:2 expected [Section] or Key = value',
  ]);
  assert.deepEqual(errors(t, { 'bfe.conf': '[Log]\na = b\n' }), ['bfe.conf:1 there is no section [Server]']);
});

test('what is no file, leads in a circle or would be too much is refused without being read', (t) => {
  const root = bfeTree(t);
  const file = join(root, GSLB);
  const replace = (make: () => void): string[] => {
    unlinkSync(file);
    make();
    return errorsOf(root);
  };

  assert.deepEqual(
    replace(() => symlinkSync(file, file)),
    [`${GSLB}:0 its symbolic links lead in a circle`],
  );
  assert.deepEqual(
    replace(() => execFileSync('mkfifo', [file])),
    [`${GSLB}:0 it is not a regular file`],
  );
  const large = () => {
    writeFileSync(file, '');
    truncateSync(file, 8 * 1024 * 1024 + 1);
  };
  assert.deepEqual(replace(large), [`${GSLB}:0 it is larger than 8 MiB`]);
  unlinkSync(file);
  mkdirSync(file);
  assert.deepEqual(errorsOf(root), [`${GSLB}:0 it is not a regular file`]);
});

test('the files together are bounded', (t) => {
  const root = bfeTree(t);
  const names = ['host_rule', 'vip_rule', 'route_rule', 'cluster_conf', 'name_conf'];
  for (const name of names) {
    const file = join(root, 'server_data_conf', `${name}.data`);
    // JSON, behind blanks.
    writeFileSync(file, `${' '.repeat(7 * 1024 * 1024)}{}`);
  }

  assert.deepEqual(errorsOf(root), [
    'server_data_conf/name_conf.data:0 all files together are larger than 32 MiB',
  ]);
});

test('data files are where bfe.conf says, also outside', (t) => {
  const elsewhere = join(bfeTree(t), 'server_data_conf/host_rule.data');
  const root = bfeTree(t, {
    'bfe.conf': `[Server]\nHostRuleConf = ${elsewhere}\nGslbConf = other/gslb.data\n`,
    'server_data_conf/host_rule.data': undefined,
  });

  assert.deepEqual(errorsOf(root), ['other/gslb.data:0 no such file']);
});
