import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Priority } from '../../../protocols/http2/priority.ts';
import { Scheduler } from '../../../protocols/http2/scheduler.ts';
import { Http2Stream } from '../../../protocols/http2/stream.ts';

function stream(id: number, urgency = 3, incremental = true): Http2Stream {
  const made = new Http2Stream(id, 0);
  made.priority = { urgency, incremental } satisfies Priority;
  return made;
}

/** Streams in the order of their frames, when each has so many to send. */
function order(scheduler: Scheduler, frames: number): number[] {
  const left = new Map<Http2Stream, number>();
  const sent: number[] = [];
  for (let next = scheduler.next; next !== undefined; next = scheduler.next) {
    sent.push(next.id);
    const rest = (left.get(next) ?? frames) - 1;
    left.set(next, rest);
    if (rest === 0) scheduler.remove(next);
    else scheduler.yield(next);
  }
  return sent;
}

describe('a scheduler', () => {
  it('has none where nothing waits', () => {
    const scheduler = new Scheduler();
    assert.equal(scheduler.isEmpty, true);
    assert.equal(scheduler.next, undefined);
  });

  it('gives equals that are incremental a frame each in turn', () => {
    const scheduler = new Scheduler();
    for (const id of [1, 3, 5]) scheduler.add(stream(id));
    assert.deepEqual(order(scheduler, 3), [1, 3, 5, 1, 3, 5, 1, 3, 5]);
    assert.equal(scheduler.isEmpty, true);
  });

  it('lets one that is not incremental come to its end', () => {
    const scheduler = new Scheduler();
    for (const id of [1, 3]) scheduler.add(stream(id, 3, false));
    assert.deepEqual(order(scheduler, 2), [1, 1, 3, 3]);
  });

  it('starves none of a mixture of equals', () => {
    const scheduler = new Scheduler();
    scheduler.add(stream(1, 3, true));
    scheduler.add(stream(3, 3, false));
    scheduler.add(stream(5, 3, true));
    assert.deepEqual(order(scheduler, 3), [1, 3, 3, 3, 5, 1, 5, 1, 5]);
  });

  it('sends what is urgent first', () => {
    const scheduler = new Scheduler();
    scheduler.add(stream(1, 7));
    scheduler.add(stream(3, 0));
    scheduler.add(stream(5, 3));
    assert.deepEqual(order(scheduler, 2), [3, 3, 5, 5, 1, 1]);
  });

  it('takes a stream once, and removes only one that it has', () => {
    const scheduler = new Scheduler();
    const [one, two] = [stream(1), stream(3)];
    scheduler.add(one);
    scheduler.add(one);
    scheduler.remove(two);
    assert.equal(one.isScheduled, true);
    scheduler.remove(one);
    assert.equal(scheduler.isEmpty, true);
    assert.equal(one.isScheduled, false);
    scheduler.remove(one);
    assert.equal(scheduler.isEmpty, true);
  });
});
