import assert from 'node:assert/strict';
import { it } from 'node:test';
import { filesFrom, problemsOf, settingsOf } from '../../support/configuration.ts';

const LISTEN = 'listen: [{ address: ":0" }]\n';
const DIRECTORY = process.cwd();

it('random keys are replaced every 12 hours unless told otherwise', () => {
  assert.deepEqual(settingsOf(LISTEN).tickets, { rotateMs: 43_200_000, keys: undefined });
  assert.equal(settingsOf(`${LISTEN}tickets: { rotate: 1h }`).tickets.rotateMs, 3_600_000);
});

it('keys are read from a file, whatever octets they are', () => {
  const octets = Buffer.from(Array.from({ length: 96 }, (_, i) => 255 - i));

  const { keys } = settingsOf(
    `${LISTEN}tickets: { keys: t.key }`,
    withFile(octets.toString('latin1')),
  ).tickets;

  assert.deepEqual(Buffer.concat(keys!.map((key) => Buffer.from(key, 'base64'))), octets);
  assert.equal(keys!.length, 2);
});

it('a file of another length, none at all, and two ways at once are refused', () => {
  const config = `${LISTEN}tickets: { keys: t.key }`;
  const wrong = (text: string) => problemsOf(config, withFile(text))[0]!;

  assert.match(
    wrong('short'),
    /^2:18 expected one to 4 keys of 48 bytes, but found 5 bytes \(openssl rand 48/,
  );
  assert.match(wrong(''), /found 0 bytes/);
  assert.match(wrong('x'.repeat(48 * 5)), /found 240 bytes/);
  assert.match(problemsOf(config, { readFile: filesFrom({}) })[0]!, /^2:18 cannot read "t.key"/);
  assert.match(
    problemsOf(`${LISTEN}tickets: { keys: t.key, rotate: 1h }`, withFile('x'.repeat(48)))[0]!,
    /^2:25 keys from a file change when the file does \(leave rotate out\)/,
  );
  assert.match(problemsOf(`${LISTEN}tickets: { rotate: 1s }`)[0]!, /too short: at least 60000ms/);
});

function withFile(text: string) {
  return { readFile: filesFrom({ [`${DIRECTORY}/t.key`]: text }) };
}
