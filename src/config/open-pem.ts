import { resolve } from 'node:path';
import { type ReadFile, readFault } from './include.ts';
import { showValue } from './leaf.ts';
import { type Complaint, complain, type Path } from './problem.ts';

/** Reads the file that `path` of the configuration names; undefined when it names none or it cannot be read. */
export function openPem(
  named: unknown,
  path: Path,
  directory: string,
  readFile: ReadFile,
  complaints: Complaint[],
): { readonly file: string; readonly text: string } | undefined {
  if (typeof named !== 'string' || named === '') return undefined;
  const file = resolve(directory, named);
  try {
    return { file, text: readFile(file, path) };
  } catch (error) {
    const hint =
      path.at(-1) === 'ocsp'
        ? 'write auto, off, or a file name relative to this file'
        : 'paths are relative to this file; "portico certs create HOST" makes a certificate';
    complaints.push(complain(path, `cannot read ${showValue(named)}: ${readFault(error)}`, hint));
    return undefined;
  }
}
