import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { askSecret } from '../../../src/cli/ask-secret.ts';

describe('askSecret', () => {
  it('shows the question and nothing of what is typed', async () => {
    const { terminal, shown, type } = fakeTerminal();
    const answer = askSecret('password: ', terminal, shown);

    assert.equal(terminal.raw, true);
    type('se');
    type('cret\rand more');

    assert.equal(await answer, 'secret');
    assert.equal(shown.text, 'password: \n');
    assert.deepEqual([terminal.raw, terminal.flowing, terminal.listenerCount('data')], [false, false, 0]);
  });

  it('lets characters and the line be taken back', async () => {
    for (const [typed, expected] of [
      ['abc\x7f\x7fd\n', 'ad'],
      ['aü\bb\n', 'ab'],
      ['\x7f\x7fa\n', 'a'],
      ['wrong\x15right\n', 'right'],
      ['\n', ''],
      ['pässwörd 🔑\n', 'pässwörd 🔑'],
    ]) {
      const { terminal, shown, type } = fakeTerminal();
      const answer = askSecret('', terminal, shown);

      for (const octet of Buffer.from(typed!)) type(Buffer.from([octet]));

      assert.equal(await answer, expected);
    }
  });

  it('gives up on Ctrl-C and Ctrl-D, and leaves the terminal as it was', async () => {
    for (const typed of ['ab\x03', '\x04']) {
      const { terminal, shown, type } = fakeTerminal();
      const answer = askSecret('', terminal, shown);

      type(typed);

      await assert.rejects(answer, /no password was given/);
      assert.deepEqual([terminal.raw, terminal.flowing], [false, false]);
    }
  });
});

class FakeTerminal extends EventEmitter {
  raw = false;
  flowing = false;

  setRawMode(raw: boolean): void {
    this.raw = raw;
  }

  resume(): void {
    this.flowing = true;
  }

  pause(): void {
    this.flowing = false;
  }
}

function fakeTerminal() {
  const terminal = new FakeTerminal();
  const shown = {
    text: '',
    write(text: string) {
      this.text += text;
    },
  };
  return { terminal, shown, type: (typed: string | Buffer) => terminal.emit('data', Buffer.from(typed)) };
}
