import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { WaitingLine, type WaitingPlace } from '../../../src/balance/waiting-line.ts';

/** Rooms that are free now, and who has got one, in order. */
class Hall {
  readonly served: string[] = [];
  free = 0;
  readonly places: Map<string, WaitingPlace> = new Map();

  /** False: the line is full. */
  join(line: WaitingLine, name: string, isAgain = false, then = (): void => {}): boolean {
    const place = line.join(
      {
        takeRoom: () => {
          if (this.free === 0) return false;
          this.free -= 1;
          this.places.get(name)!.leave();
          this.served.push(name);
          then();
          return true;
        },
      },
      isAgain,
    );
    if (place !== undefined) this.places.set(name, place);
    return place !== undefined;
  }

  freeIn(line: WaitingLine, rooms = 1): void {
    this.free += rooms;
    line.roomFreed();
  }
}

test('who came first is served first, one for each room', () => {
  const line = new WaitingLine(10);
  const hall = new Hall();
  for (const name of ['a', 'b', 'c']) hall.join(line, name);

  hall.freeIn(line);
  assert.deepEqual(hall.served, ['a']);
  hall.freeIn(line, 5);
  assert.deepEqual(hall.served, ['a', 'b', 'c']);
  assert.equal(line.length, 0);
  assert.equal(hall.free, 3);
});

test('no more wait than may, and whoever leaves makes a place', () => {
  const line = new WaitingLine(2);
  const hall = new Hall();

  assert.deepEqual(
    ['a', 'b', 'c'].map((name) => hall.join(line, name)),
    [true, true, false],
  );
  assert.equal(hall.join(line, 'again', true), false);
  hall.places.get('a')!.leave();
  hall.places.get('a')!.leave();
  assert.equal(hall.join(line, 'd'), true);
  assert.equal(line.length, 2);
});

test('who was sent before is served before the others, and does not keep them from what it does not want', () => {
  const line = new WaitingLine(10);
  const hall = new Hall();
  hall.join(line, 'new');
  let wanted = false;
  const place = line.join(
    {
      takeRoom: () => {
        if (!wanted || hall.free === 0) return false;
        hall.free -= 1;
        place.leave();
        hall.served.push('picky');
        return true;
      },
    },
    true,
  )!;
  hall.join(line, 'again', true);
  hall.join(line, 'newer');

  hall.freeIn(line);
  hall.freeIn(line);
  wanted = true;
  hall.freeIn(line);
  hall.freeIn(line);

  assert.deepEqual(hall.served, ['again', 'new', 'picky', 'newer']);
});

test('who ends at once makes room for the next without a deeper stack, however long the line', () => {
  const line = new WaitingLine(100_000);
  const hall = new Hall();
  for (let i = 0; i < 100_000; i++) hall.join(line, `${i}`, false, () => hall.freeIn(line));

  hall.freeIn(line);

  assert.equal(hall.served.length, 100_000);
  assert.equal(line.length, 0);
});

test('room that is made while others are served goes to who was sent before', () => {
  const line = new WaitingLine(10);
  const hall = new Hall();
  hall.join(line, 'a', false, () => {
    hall.join(line, 'again', true);
    hall.freeIn(line);
  });

  hall.freeIn(line);

  assert.deepEqual(hall.served, ['a', 'again']);
});

test('those of the snapshot before are served first, and counted until they are gone', () => {
  const older = new WaitingLine(10);
  const hall = new Hall();
  hall.join(older, 'old');
  const line = new WaitingLine(1, older);
  hall.join(line, 'new');

  assert.equal(line.length, 2);
  hall.freeIn(line, 2);
  assert.deepEqual(hall.served, ['old', 'new']);
  assert.equal(line.length, 0);
});

test('whatever happens, nobody overtakes, and nobody waits while there is room', () => {
  const step = fc.oneof(
    fc.constant('join' as const),
    fc.constant('free' as const),
    fc.record({ leave: fc.nat(20) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const line = new WaitingLine(8);
      const hall = new Hall();
      const waiting: string[] = [];
      const served: string[] = [];
      let names = 0;
      for (const what of steps) {
        if (what === 'join') {
          const name = `${names++}`;
          // As a request does: it waits only when there is no room.
          if (hall.free > 0) hall.free -= 1;
          else if (hall.join(line, name)) waiting.push(name);
          else assert.equal(waiting.length, 8);
        } else if (what === 'free') {
          hall.freeIn(line);
          if (waiting.length > 0) served.push(waiting.shift()!);
        } else if (waiting.length > 0) {
          const [name] = waiting.splice(what.leave % waiting.length, 1);
          hall.places.get(name!)!.leave();
        }
        assert.deepEqual(hall.served, served);
        assert.equal(line.length, waiting.length);
        assert.ok(hall.free === 0 || waiting.length === 0);
      }
    }),
  );
});
