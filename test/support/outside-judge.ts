import { spawnSync } from 'node:child_process';

/** For `skip:` of tests that ask the openssl command line: false when it is there, else a reason that the report shows. */
export const opensslMissing: false | string =
  spawnSync('openssl', ['version']).status === 0 ? false : 'SKIPPED: the openssl command is not installed';

/** Likewise for curl. */
export const curlMissing: false | string =
  spawnSync('curl', ['--version']).status === 0 ? false : 'SKIPPED: the curl command is not installed';
