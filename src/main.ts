#!/usr/bin/env node

/*
 * The process entry. Everything is imported after the check, so that a Node that is too old gets a sentence and not a
 * syntax error.
 */

const OLDEST_NODE = 24;

if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  process.stderr.write(`Portico needs Node ${OLDEST_NODE} or newer; this is ${process.versions.node}\n`);
  process.exitCode = 2;
} else {
  const { runCommand } = await import('./cli/command.ts');
  process.exitCode = await runCommand(process.argv.slice(2));
}
