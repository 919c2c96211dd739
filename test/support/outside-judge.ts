import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** For `skip:` of tests that ask the openssl command line: false when it is there, else a reason that the report shows. */
export const opensslMissing: false | string = commandMissing('openssl');

/** Likewise for curl. */
export const curlMissing: false | string = commandMissing('curl');

/** Likewise for any command. */
export function commandMissing(name: string): false | string {
  return commandPath(name) === undefined ? `SKIPPED: the ${name} command is not installed` : false;
}

/** Where a command is, which may be a path already; system directories are looked into too, because servers live there and not everybody's PATH has them. */
export function commandPath(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  return (isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name))).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
