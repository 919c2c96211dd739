import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type BrowserContext, chromium } from 'playwright-core';
import { commandPath } from './outside-judge.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/**
 * The system's Chromium without a window, in a home of its own in which `authority` (PEM) is trusted; it ends with the test. Every
 * host name leads to loopback.
 */
export async function openBrowser(test: TestContext, authority: string): Promise<BrowserContext> {
  const home = temporaryDirectory(test);
  trust(authority, home);
  const browser = await chromium.launchPersistentContext(join(home, 'profile'), {
    executablePath: commandPath('chromium')!,
    // A sandbox needs rights that a container does not have.
    chromiumSandbox: false,
    args: [
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--host-resolver-rules=MAP * 127.0.0.1',
    ],
    env: { ...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home } as Record<
      string,
      string
    >,
  });
  test.after(() => browser.close());
  return browser;
}

/** As docs/certificates.md tells people to. */
function trust(authority: string, home: string): void {
  const database = join(home, '.pki/nssdb');
  mkdirSync(database, { recursive: true });
  const file = join(home, 'authority.pem');
  writeFileSync(file, authority);
  execFileSync('certutil', ['-d', `sql:${database}`, '-N', '--empty-password']);
  execFileSync('certutil', ['-d', `sql:${database}`, '-A', '-t', 'C,,', '-n', 'test authority', '-i', file]);
}
