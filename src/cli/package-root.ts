import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The directory of package.json: two levels up in a checkout, three in the installed package (dist). */
export function packageRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, 'package.json'))) directory = dirname(directory);
  return directory;
}

export function packageVersion(): string {
  const manifest = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

/** What `-c` is when it is not given: conf/portico.yaml here, else the package's own. */
export function defaultConfigFile(): string {
  const here = join('conf', 'portico.yaml');
  if (existsSync(here)) return here;
  const own = join(packageRoot(), here);
  const shorter = relative('.', own);
  return shorter.startsWith('..') ? own : shorter;
}
