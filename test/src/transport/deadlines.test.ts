import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Clock } from '../../../src/core/clock.ts';
import { Deadline, Deadlines } from '../../../src/transport/deadlines.ts';

const TICK_MS = 50;

class ManualClock implements Clock {
  time = 123_456;

  now(): number {
    return this.time;
  }

  wall(): number {
    return this.time;
  }
}

/** A wheel in the hands of a test, and when each of its deadlines fired. */
class Wheel {
  readonly clock: ManualClock = new ManualClock();
  readonly faults: unknown[] = [];
  readonly tickMs: number;
  readonly deadlines: Deadlines;
  readonly fired: string[] = [];

  constructor(tickMs = TICK_MS) {
    this.tickMs = tickMs;
    this.deadlines = new Deadlines(this.clock, (error) => this.faults.push(error), tickMs);
  }

  add(name: string, ms: number, then?: () => void): Deadline {
    const deadline = new Deadline(this.deadlines, {
      expire: () => {
        this.fired.push(name);
        then?.();
      },
    });
    deadline.set(this.deadlines.after(ms));
    return deadline;
  }

  /** Lets time pass as the timer sees it pass. */
  pass(ms: number): void {
    for (const end = this.clock.time + ms; this.clock.time < end; ) {
      this.clock.time += Math.min(this.tickMs, end - this.clock.time);
      this.deadlines.advance();
    }
  }
}

test('a deadline fires once when its time has passed, and not before', () => {
  const wheel = new Wheel();
  wheel.add('a', 1000);

  wheel.pass(1000);
  const early = [...wheel.fired];
  wheel.pass(150);
  const due = [...wheel.fired];
  wheel.pass(100_000);

  assert.deepEqual([early, due, wheel.fired], [[], ['a'], ['a']]);
});

test('a deadline that is moved back fires at its later time only', () => {
  const wheel = new Wheel();
  const deadline = wheel.add('a', 1000);

  for (let i = 0; i < 10; i++) {
    wheel.pass(500);
    deadline.set(wheel.deadlines.after(1000));
  }
  const before = [...wheel.fired];
  wheel.pass(1150);

  assert.deepEqual([before, wheel.fired], [[], ['a']]);
});

test('a deadline that is moved forward fires at its earlier time', () => {
  const wheel = new Wheel();
  const deadline = wheel.add('a', 60_000);

  deadline.set(wheel.deadlines.after(100));
  wheel.pass(250);

  assert.deepEqual(wheel.fired, ['a']);
});

test('a deadline beyond one turn of the wheel fires in its time', () => {
  const wheel = new Wheel();
  wheel.add('a', 10 * 60_000);

  wheel.pass(10 * 60_000);
  const before = [...wheel.fired];
  wheel.pass(150);

  assert.deepEqual([before, wheel.fired], [[], ['a']]);
});

test('a deadline that was cleared or cancelled does not fire, and one that was cleared may be set again', () => {
  const wheel = new Wheel();
  const cleared = wheel.add('cleared', 100);
  const cancelled = wheel.add('cancelled', 100);

  cleared.clear();
  cancelled.cancel();
  wheel.pass(1000);
  const before = [...wheel.fired];
  cleared.set(wheel.deadlines.after(100));
  wheel.pass(250);

  assert.deepEqual([before, wheel.fired], [[], ['cleared']]);
});

test('a deadline may set itself, and cancel others, while it fires', () => {
  const wheel = new Wheel();
  const others: Deadline[] = [];
  const again: Deadline = wheel.add('again', 100, () => {
    for (const other of others) other.cancel();
    if (wheel.fired.length < 3) again.set(wheel.deadlines.after(100));
  });
  others.push(wheel.add('other', 100), wheel.add('other', 100));

  wheel.pass(1000);

  assert.deepEqual(wheel.fired, ['again', 'again', 'again']);
});

test('what one owner throws is reported, and the others are still told', () => {
  const wheel = new Wheel();
  const fault = new Error('a mistake');
  wheel.add('a', 100, () => {
    throw fault;
  });
  wheel.add('b', 100);

  wheel.pass(250);

  assert.deepEqual(wheel.fired, ['a', 'b']);
  assert.deepEqual(wheel.faults, [fault]);
});

test('after a stall of the process sockets are heard before deadlines', () => {
  const wheel = new Wheel();
  const answered = wheel.add('answered', 1000);
  wheel.add('silent', 1000);

  wheel.clock.time += 5000;
  wheel.deadlines.advance();
  const atOnce = [...wheel.fired];
  // What had arrived during the stall is read between the two turns.
  answered.set(wheel.deadlines.after(1000));
  wheel.pass(TICK_MS);

  assert.deepEqual([atOnce, wheel.fired], [[], ['silent']]);
});

test('even the shortest deadline survives a stall that began right after it was set', () => {
  const wheel = new Wheel();
  wheel.add('a', 60_000);
  const answered = wheel.add('answered', 10);

  wheel.clock.time += 101;
  wheel.deadlines.advance();
  answered.clear();
  wheel.pass(1000);

  assert.deepEqual(wheel.fired, []);
});

test('a process that stalls again and again still gives up on what is due', () => {
  const wheel = new Wheel();
  wheel.add('a', 1000);

  for (let i = 0; i < 4; i++) {
    wheel.clock.time += 1000;
    wheel.deadlines.advance();
  }

  assert.deepEqual(wheel.fired, ['a']);
});

test('a deadline that is set while the wheel has stood still is not early', () => {
  const wheel = new Wheel();
  wheel.add('a', 100);
  wheel.pass(1000);
  wheel.clock.time += 60_000;

  wheel.add('b', 1000);
  wheel.pass(1000);
  const before = [...wheel.fired];
  wheel.pass(150);

  assert.deepEqual([before, wheel.fired], [['a'], ['a', 'b']]);
});

for (const tickMs of [TICK_MS, 5]) {
  test(`whatever is set, moved and cleared: none is early, none is more than three ticks of ${tickMs} ms late`, () => {
    const step = fc.record({
      index: fc.nat(4),
      act: fc.constantFrom('set', 'set', 'clear', 'cancel'),
      ms: fc.integer({ min: 0, max: 2400 * tickMs }),
      pass: fc.integer({ min: 0, max: 600 * tickMs }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const wheel = new Wheel(tickMs);
        const wanted: (number | undefined)[] = [undefined, undefined, undefined, undefined, undefined];
        const deadlines = wanted.map((_, index) => {
          const expire = (): void => {
            const at = wanted[index];
            assert.ok(at !== undefined, 'fired without being set');
            const late = wheel.clock.time - at;
            assert.ok(late >= 0 && late <= 3 * tickMs, `${late} ms late`);
            wanted[index] = undefined;
          };
          return new Deadline(wheel.deadlines, { expire });
        });
        const pass = (ms: number): void => {
          wheel.pass(ms);
          for (const at of wanted)
            assert.ok(at === undefined || wheel.clock.time - at <= 3 * tickMs, 'overdue and not fired');
          assert.deepEqual(wheel.faults, []);
        };
        for (const { index, act, ms, pass: passed } of steps) {
          if (act === 'set') {
            deadlines[index]!.set(wheel.deadlines.after(ms));
            wanted[index] = wheel.clock.time + ms;
          } else {
            deadlines[index]![act]();
            wanted[index] = undefined;
          }
          pass(passed);
        }
        for (const deadline of deadlines) deadline.cancel();
      }),
      { numRuns: 200 },
    );
  });
}

test('deadlines that a stall made late are looked at once for it, however long it was', () => {
  const wheel = new Wheel();
  for (let i = 0; i < 100; i++) wheel.add(`${i}`, 1000);
  let visits = 0;
  const unschedule = wheel.deadlines.unschedule.bind(wheel.deadlines);
  wheel.deadlines.unschedule = (deadline) => {
    visits += 1;
    unschedule(deadline);
  };

  wheel.clock.time += 2 * 60_000;
  wheel.deadlines.advance();
  wheel.pass(TICK_MS);

  assert.equal(visits, 100);
});

test('without deadlines no timer runs, and the next one starts it again', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const wheel = new Wheel();
  wheel.add('a', 100).cancel();
  t.mock.timers.tick(TICK_MS);
  let asked = 0;
  const now = wheel.clock.now.bind(wheel.clock);
  wheel.clock.now = () => {
    asked += 1;
    return now();
  };

  t.mock.timers.tick(1000);
  const askedInVain = asked;
  wheel.add('b', 100);
  wheel.clock.time += 200;
  t.mock.timers.tick(200);

  assert.equal(askedInVain, 0);
  assert.deepEqual(wheel.fired, ['b']);
});
