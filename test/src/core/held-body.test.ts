import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { HeaderList } from '../../../protocols/http/header-list.ts';
import type { ExchangeSink } from '../../../src/core/body.ts';
import { exchangeError } from '../../../src/core/errors.ts';
import { HeldBody } from '../../../src/core/held-body.ts';

const LIMIT = 10;

/** Keeps what it is shown, and takes more as long as `mayGoOn`. */
class Taker implements ExchangeSink {
  text = '';
  trailers: HeaderList | undefined = undefined;
  batches = 0;
  failure = '';
  mayGoOn = true;

  bodyData(bytes: Buffer, start: number, end: number): boolean {
    assert.equal(this.trailers, undefined);
    this.text += bytes.toString('latin1', start, end);
    return this.mayGoOn;
  }

  bodyEnd(trailers: HeaderList): void {
    this.trailers = trailers;
  }

  writable(): void {}

  requestBatchEnd(): void {
    this.batches += 1;
  }

  requestFailed({ name }: { name: string }): void {
    this.failure = name;
  }
}

class Waiting {
  readonly told: string[] = [];
  readonly taker: Taker = new Taker();
  readonly body: HeldBody = new HeldBody(LIMIT, {
    bodyHeld: () => {
      this.told.push('held');
      this.body.attach(this.taker);
    },
    bodyLost: ({ name }) => void this.told.push(name),
    bodyForgotten: () => void this.told.push('forgotten'),
  });

  push(text: string): boolean {
    const bytes = Buffer.from(`..${text}..`);
    const mayGoOn = this.body.bodyData(bytes, 2, bytes.length - 2, undefined);
    // As a driver's memory is.
    bytes.fill('?');
    return mayGoOn;
  }
}

test('a body is told when the read that completed it is over, not before', () => {
  const waiting = new Waiting();
  const { body, told, taker } = waiting;

  assert.ok(waiting.push('hello'));
  body.requestBatchEnd();
  assert.deepEqual(told, []);
  body.bodyEnd(['x-sum', '1']);
  assert.deepEqual(told, []);
  body.requestBatchEnd();

  assert.deepEqual(told, ['held']);
  assert.equal(body.whole?.toString(), 'hello');
  assert.deepEqual([taker.text, taker.batches], ['', 1]);
  assert.equal(body.release(), false);
  assert.deepEqual([taker.text, taker.trailers], ['hello', ['x-sum', '1']]);
});

test('beyond the bound its source is held back, and it has no whole', () => {
  const waiting = new Waiting();
  const { body, told, taker } = waiting;

  assert.ok(waiting.push('0123456789'));
  assert.equal(waiting.push('a'), false);
  body.requestBatchEnd();
  assert.deepEqual(told, ['held']);
  assert.equal(body.whole, undefined);
  assert.equal(waiting.push('b'), false, 'a read was on its way');
  assert.equal(taker.text, '');

  assert.equal(body.release(), true);
  assert.ok(waiting.push('c'));
  body.bodyEnd([]);
  assert.deepEqual([taker.text, taker.trailers], ['0123456789abc', []]);
});

test('who takes it may hold back the rest at once', () => {
  const waiting = new Waiting();
  waiting.push('0123456789a');
  waiting.body.requestBatchEnd();
  waiting.taker.mayGoOn = false;

  assert.equal(waiting.body.release(), false);
});

test('a body without bytes is one', () => {
  const { body, taker } = new Waiting();
  body.bodyEnd([]);
  body.requestBatchEnd();

  assert.equal(body.whole?.length, 0);
  body.release();
  assert.deepEqual([taker.text, taker.trailers], ['', []]);
});

test('a request that fails is told to whoever has it', () => {
  const first = new Waiting();
  first.body.requestFailed(exchangeError('client-gone', ''));
  assert.deepEqual(first.told, ['client-gone']);

  const second = new Waiting();
  second.body.bodyEnd([]);
  second.body.requestBatchEnd();
  second.body.requestFailed(exchangeError('client-gone', ''));
  assert.deepEqual([second.told, second.taker.failure], [['held'], 'client-gone']);
});

test('what is forgotten is no longer held, and told once, whoever asks for it', () => {
  const waiting = new Waiting();
  const { body, told, taker } = waiting;
  waiting.push('hello');
  body.bodyEnd([]);
  body.requestBatchEnd();

  body.forget();
  body.forget();
  assert.ok(waiting.push('more'));
  assert.equal(body.whole, undefined);
  assert.deepEqual([told, taker.text], [['held', 'forgotten'], '']);

  const flowing = new Waiting();
  flowing.push('0123456789a');
  flowing.body.requestBatchEnd();
  flowing.body.release();
  flowing.body.forget();
  assert.equal(flowing.body.whole, undefined);
  assert.deepEqual(flowing.told, ['held', 'forgotten']);
});

test('whatever the reads are, all bytes go on once, in order, and what is held is bounded', () => {
  const reads = fc.array(
    fc.array(fc.string({ minLength: 1, maxLength: 8, unit: 'grapheme-ascii' }), {
      minLength: 1,
      maxLength: 3,
    }),
    {
      minLength: 1,
      maxLength: 6,
    },
  );
  fc.assert(
    fc.property(reads, fc.nat(6), (pieces, releasedAfter) => {
      const waiting = new Waiting();
      const { body, taker } = waiting;
      const all = pieces.flat().join('');
      let isReleased = false;
      let isOpen = true;
      const release = (): void => {
        if (!isReleased && waiting.told.length > 0) {
          isReleased = true;
          isOpen = body.release() || isOpen;
        }
      };
      for (const [i, read] of pieces.entries()) {
        // A driver that is told to wait, waits.
        if (!isOpen) release();
        for (const piece of read) isOpen = waiting.push(piece) && isOpen;
        if (i === pieces.length - 1) body.bodyEnd([]);
        body.requestBatchEnd();
        if (i >= releasedAfter) release();
      }
      release();
      assert.equal(taker.text, all);
      assert.deepEqual(taker.trailers, []);
      assert.deepEqual(waiting.told, ['held', 'forgotten']);
    }),
  );
});
