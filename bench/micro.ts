import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('./micro/', import.meta.url));

/** Runs every file of bench/micro, one after the other, each in a process of its own. True when all ended well. */
export async function runMicro(): Promise<boolean> {
  let allWell = true;
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.ts'));
  for (const name of files.sort()) {
    console.log(`\n# ${name}`);
    // In the terminal's process group: an interrupt ends it together with us.
    const [code] = await once(spawn(process.execPath, [FOLDER + name], { stdio: 'inherit' }), 'exit');
    if (code === 0) continue;
    console.log(`${name} ended with ${code}`);
    allWell = false;
  }
  return allWell;
}
