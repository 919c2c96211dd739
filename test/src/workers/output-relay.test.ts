import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { LineChannel } from '../../../src/telemetry/line-channel.ts';
import { OutputRelay } from '../../../src/workers/output-relay.ts';

test('passes on whole lines only, wherever the pieces were cut', async () => {
  const { relay, written } = testRelay();
  const source = new PassThrough();
  relay.add(source);
  const text = 'one é\ntwo\nthree\n';

  for (const byte of Buffer.from(text)) {
    source.write(Buffer.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }

  assert.equal(written.join(''), text);
  assert.ok(written.every((piece) => piece.endsWith('\n')));
});

test('lines of two workers do not mix', async () => {
  const { relay, written } = testRelay();
  const [first, second] = [new PassThrough(), new PassThrough()];
  relay.add(first);
  relay.add(second);

  first.write('aaa');
  await new Promise((resolve) => setImmediate(resolve));
  second.write('bbb\n');
  await new Promise((resolve) => setImmediate(resolve));
  first.write('AAA\n');
  await new Promise((resolve) => setImmediate(resolve));

  assert.deepEqual(written, ['bbb\n', 'aaaAAA\n']);
});

test('ends the last line of a worker that was killed in the middle of it', async () => {
  const { relay, written } = testRelay();
  const source = new PassThrough();
  relay.add(source);

  source.end('half a li');
  await new Promise((resolve) => setImmediate(resolve));

  assert.deepEqual(written, ['half a li\n']);
});

test('has ended when the last worker has, with everything passed on', async () => {
  const { relay, written } = testRelay();
  await relay.ended();
  const [first, second] = [new PassThrough(), new PassThrough()];
  relay.add(first);
  relay.add(second);
  let ended = false;
  const end = relay.ended().then(() => {
    ended = true;
  });

  first.end('1\n');
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(ended, false);
  second.end('2\n');
  await end;

  assert.deepEqual(written.toSorted(), ['1\n', '2\n']);
});

test('does not wait for ever for a reader that takes nothing', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const { relay } = testRelay();
  relay.add(new PassThrough());

  const end = relay.ended();
  context.mock.timers.tick(2_000);

  await end;
});

test('reads no more from any worker while the output takes nothing', async () => {
  const { relay, written, take } = testRelay();
  const [first, second] = [new PassThrough(), new PassThrough()];
  relay.add(first);
  relay.add(second);
  take(false);

  first.write('1\n');
  await new Promise((resolve) => setImmediate(resolve));
  second.write('2\n');
  const late = new PassThrough();
  relay.add(late);
  late.write('3\n');
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(written, ['1\n']);

  take(true);
  relay.resume();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(written.toSorted(), ['1\n', '2\n', '3\n']);
});

test('holds back only so much of a line that never ends', async () => {
  const { relay, written } = testRelay();
  const source = new PassThrough();
  relay.add(source);

  for (let i = 0; i < 40; i += 1) {
    source.write('x'.repeat(64 * 1024));
    await new Promise((resolve) => setImmediate(resolve));
  }

  assert.ok(written.join('').length >= 1024 * 1024);
});

function testRelay(): { relay: OutputRelay; written: string[]; take: (takes: boolean) => void } {
  const written: string[] = [];
  let takes = true;
  const stdout = {
    write(lines: string) {
      written.push(lines);
      return takes;
    },
  } as LineChannel;
  return {
    relay: new OutputRelay(stdout),
    written,
    take(next) {
      takes = next;
    },
  };
}
