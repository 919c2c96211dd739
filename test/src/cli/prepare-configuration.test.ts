import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { prepareConfiguration } from '../../../src/cli/prepare-configuration.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const silent = { write: () => true };

test('the certificates of a configuration of the package are made when it is first used, and then left alone', async (t) => {
  const root = temporaryDirectory(t);
  mkdirSync(join(root, 'conf/examples'), { recursive: true });
  const file = join(root, 'conf/examples/own.yaml');
  writeFileSync(file, '');
  const said: string[] = [];
  const out = { write: (text: string) => said.push(text) };

  await prepareConfiguration(file, root, out);
  await prepareConfiguration(file, root, out);

  assert.deepEqual(readdirSync(join(root, 'certs')).toSorted(), [
    'default.key',
    'default.pem',
    'local-ca.key',
    'local-ca.pem',
    'shop.key',
    'shop.pem',
  ]);
  assert.equal(said.length, 2);
  assert.match(said[0]!, /^made .*shop\.pem for shop\.example\.org, \*\.shop\.example\.org\n$/);
});

test("nothing is made for somebody else's configuration, or for one that is not there", async (t) => {
  const root = temporaryDirectory(t);
  mkdirSync(join(root, 'conf'));
  const file = join(root, 'elsewhere.yaml');
  writeFileSync(file, '');

  await prepareConfiguration(file, root, silent);
  await prepareConfiguration(join(root, 'conf/missing.yaml'), root, silent);

  assert.ok(!existsSync(join(root, 'certs')));
});

test('where nothing can be written it is left to the configuration to complain', async (t) => {
  const root = temporaryDirectory(t);
  mkdirSync(join(root, 'conf'));
  const file = join(root, 'conf/portico.yaml');
  writeFileSync(file, '');
  writeFileSync(join(root, 'certs'), 'a file where the folder should be');

  await prepareConfiguration(file, root, silent);
});
