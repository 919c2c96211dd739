import { join } from 'node:path';

/** Where a certificate and its key are, or go to. */
export interface PairFiles {
  readonly cert: string;
  readonly key: string;
  /** The signing request, if there is one. */
  readonly request: string;
}

/** The files of this name, or a sentence when it cannot be one: it would leave the directory, be hidden, or be the local CA's. */
export function pairFiles(directory: string, name: string): PairFiles | string {
  if (!FILE_NAME.test(name) || name === 'local-ca')
    return `${JSON.stringify(name)} cannot be the name of the files; choose another with --name`;
  const file = (suffix: string) => join(directory, `${name}.${suffix}`);
  return { cert: file('pem'), key: file('key'), request: file('csr') };
}

/** Every file system takes it: `*.example.org` becomes `_wildcard.example.org`, `::1` becomes `__1`. */
export function hostFileName(host: string): string {
  return host.replace('*', '_wildcard').replaceAll(':', '_');
}

const FILE_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;
