import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { streamModule } from '../../bench/peers/nginx-stream.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const MODULE = 'ngx_stream_module.so';

function built(options: string): string {
  return `nginx version: nginx/1.22.1\nconfigure arguments: --prefix=/usr ${options} --with-stream_ssl_module\n`;
}

test('a stream module that is built in needs no directive', () => {
  assert.equal(streamModule(built('--with-stream')), '');
});

test('a stream module of its own is loaded from where nginx looks for modules', (t) => {
  const folder = temporaryDirectory(t);
  writeFileSync(join(folder, MODULE), '');

  assert.equal(
    streamModule(built(`--modules-path=${folder} --with-stream=dynamic`)),
    `load_module ${join(folder, MODULE)};`,
  );
});

test('a stream module that is missing is named with its package', (t) => {
  const folder = temporaryDirectory(t);

  assert.throws(
    () => streamModule(built(`--modules-path=${folder} --with-stream=dynamic`)),
    /libnginx-mod-stream/,
  );
  assert.throws(() => streamModule(built('')), /libnginx-mod-stream/);
});
