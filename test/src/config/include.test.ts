import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_INCLUDE_DEPTH, MAX_INCLUDED_FILES } from '../../../src/config/include.ts';
import { type LoadResult, loadConfig, loadSettings } from '../../../src/config/load.ts';
import { filesFrom, goodSettings, shortProblems } from '../../support/configuration.ts';

const LISTEN = 'listen: [{ address: ":1" }]\n';
const tenant = (name: string, cluster = 'web') =>
  `tenants: { ${name}: { hosts: [${name}.example.org], routes: [{ cluster: ${cluster} }] } }\n`;
const cluster = (name: string) => `clusters: { ${name}: { instances: [{ address: "a:1" }] } }\n`;

function load(files: Readonly<Record<string, string>>): LoadResult {
  return loadConfig('/etc/main.yaml', { readFile: filesFrom(files) });
}

describe('included files', () => {
  it('add their maps and lists, from folders of their own', () => {
    const result = load({
      '/etc/main.yaml': `include: [a/one.yaml, b.yaml]\n${LISTEN}${tenant('main')}trustedProxies: [10.0.0.1]`,
      '/etc/a/one.yaml': `include: ../c/two.yaml\n${cluster('web')}${tenant('one')}listen: [{ address: ":2" }]`,
      '/etc/c/two.yaml': `${tenant('two')}trustedProxies: [10.0.0.2]\nlog: { access: { file: x.log } }`,
      '/etc/b.yaml': '# nothing yet',
    });

    const settings = goodSettings(result);
    assert.deepEqual(
      settings.tenants.map(({ name }) => name),
      ['main', 'one', 'two'],
    );
    assert.deepEqual(
      settings.listeners.map(({ port }) => port),
      [1, 2],
    );
    assert.deepEqual(settings.trustedProxies, ['10.0.0.1', '10.0.0.2']);
    assert.deepEqual(settings.log.access, { kind: 'file', file: '/etc/c/x.log' });
    assert.deepEqual(result.files, ['/etc/main.yaml', '/etc/a/one.yaml', '/etc/c/two.yaml', '/etc/b.yaml']);
  });

  it('have their problems where they stand', () => {
    const result = load({
      '/etc/main.yaml': `include: a/one.yaml\n${LISTEN}`,
      '/etc/a/one.yaml': `# a comment\n${tenant('one', 'wbe')}${cluster('web')}listen: [{ address: ":2" }, { adress: ":3" }]\ntenant: 1`,
    });

    assert.deepEqual(shortProblems(result), [
      '/etc/a/one.yaml:2:65 there is no cluster "wbe" (did you mean "web"?)',
      '/etc/a/one.yaml:4:31 unknown key "adress" (did you mean "address"?)',
      '/etc/a/one.yaml:5:1 unknown key "tenant" (did you mean "tenants"?)',
    ]);
  });

  it('may not define a name again, or set a value again', () => {
    const result = load({
      '/etc/main.yaml': `include: one.yaml\n${LISTEN}workers: 1\n${cluster('web')}`,
      '/etc/one.yaml': `workers: 2\n${cluster('web')}limits: { head: 32KiB }`,
    });

    assert.deepEqual(shortProblems(result), [
      '/etc/one.yaml:1:1 "workers" is set already (see /etc/main.yaml:3)',
      '/etc/one.yaml:2:13 cluster "web" is defined already (see /etc/main.yaml:4)',
    ]);
  });

  it('may not include each other, or be included twice', () => {
    const result = load({
      '/etc/main.yaml': `include: [one.yaml, one.yaml, main.yaml]\n${LISTEN}`,
      '/etc/one.yaml': 'include: main.yaml',
    });

    const hint = '(include every file once)';
    assert.deepEqual(shortProblems(result), [
      `/etc/main.yaml:1:21 "one.yaml" is read already, as /etc/one.yaml ${hint}`,
      `/etc/main.yaml:1:31 "main.yaml" is read already, as /etc/main.yaml ${hint}`,
      `/etc/one.yaml:1:10 "main.yaml" is read already, as /etc/main.yaml ${hint}`,
    ]);
  });

  it('that cannot be read are a problem, and nothing is missed that they may hold', () => {
    const result = load({
      '/etc/main.yaml': `include: [nope.yaml, "*.yaml", 3]\n${tenant('main')}workers: 0`,
    });

    assert.deepEqual(shortProblems(result), [
      '/etc/main.yaml:1:11 cannot read /etc/nope.yaml: no such file',
      '/etc/main.yaml:1:22 patterns are not read here (name each file)',
      '/etc/main.yaml:1:32 expected a file name or a list of them, but found 3',
      '/etc/main.yaml:3:10 expected a whole number from 1 to 1024, but found 0',
    ]);
  });

  it('must be mappings', () => {
    const result = load({ '/etc/main.yaml': `include: one.yaml\n${LISTEN}`, '/etc/one.yaml': '- a' });

    assert.deepEqual(shortProblems(result), ['/etc/one.yaml:1:1 expected a mapping, but found a list']);
  });

  it('that are not YAML do not hide the problems of the others', () => {
    const result = load({
      '/etc/main.yaml': `include: one.yaml\n${LISTEN}workers: 0\ndefaultTenant: in-one`,
      '/etc/one.yaml': 'tenants: {',
    });

    assert.deepEqual(shortProblems(result), [
      '/etc/main.yaml:3:10 expected a whole number from 1 to 1024, but found 0',
      '/etc/one.yaml:1:11 flow map in block collection must be sufficiently indented and end with a }',
    ]);
  });

  it('go only so deep', () => {
    const files: Record<string, string> = { '/etc/main.yaml': `include: 1.yaml\n${LISTEN}` };
    for (let i = 1; i < MAX_INCLUDE_DEPTH; i++) files[`/etc/${i}.yaml`] = `include: ${i + 1}.yaml`;
    files[`/etc/${MAX_INCLUDE_DEPTH}.yaml`] = '# the last one';
    goodSettings(load(files));

    files[`/etc/${MAX_INCLUDE_DEPTH}.yaml`] = 'include: more.yaml';

    assert.deepEqual(shortProblems(load(files)), [
      `/etc/${MAX_INCLUDE_DEPTH}.yaml:1:10 includes are nested more than ${MAX_INCLUDE_DEPTH} deep`,
    ]);
  });

  it('are only so many', () => {
    const names = Array.from({ length: MAX_INCLUDED_FILES }, (_, i) => `${i}.yaml`);
    const files: Record<string, string> = { '/etc/main.yaml': `include: [${names}]\n${LISTEN}` };
    for (const name of names) files[`/etc/${name}`] = '';
    goodSettings(load(files));

    files['/etc/main.yaml'] = `include: [${names}, more.yaml]\n${LISTEN}`;

    assert.match(shortProblems(load(files)).join(), /more than 1000 files are included$/);
  });

  it('can be named by an object too, relative to its directory', () => {
    const readFile = filesFrom({ '/etc/one.yaml': tenant('one') + cluster('web') });
    const object = { listen: [{ address: ':1' }], include: 'one.yaml' };

    const { tenants } = goodSettings(loadSettings(object, { directory: '/etc', readFile }));

    assert.equal(tenants[0]?.name, 'one');
  });
});
