import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Http2Stream } from '../../../protocols/http2/stream.ts';
import { StreamTable } from '../../../protocols/http2/stream-table.ts';

const stream = (id: number): Http2Stream => new Http2Stream(id, 65_535);

describe('a table of streams', () => {
  it('finds what was added, until it is deleted', () => {
    const table = new StreamTable();
    const first = stream(1);
    table.add(first);

    assert.equal(table.get(1), first);
    assert.equal(table.get(3), undefined);
    assert.equal(table.size, 1);
    assert.equal(table.delete(1), true);
    assert.equal(table.delete(1), false);
    assert.equal(table.get(1), undefined);
    assert.equal(table.size, 0);
  });

  it('shows a copy of its streams: what is done with them may delete them', () => {
    const table = new StreamTable();
    for (const id of [1, 3, 5]) table.add(stream(id));

    for (const { id } of table.values()) table.delete(id);

    assert.equal(table.size, 0);
  });

  it('keeps one that stays while thousands come and go', () => {
    const table = new StreamTable();
    const old = stream(1);
    table.add(old);

    for (let id = 3; id < 100_003; id += 2) {
      table.add(stream(id));
      assert.equal(table.get(1), old);
      assert.equal(table.delete(id), true);
    }

    assert.deepEqual(table.values(), [old]);
  });

  it('holds what a Map would hold, whatever is added and deleted', () => {
    const id = fc.nat({ max: 200 }).map((n) => 2 * n + 1);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), id), { maxLength: 400 }), (actions) => {
        const table = new StreamTable();
        const model = new Map<number, Http2Stream>();
        for (const [isAddition, at] of actions) {
          if (!isAddition) assert.equal(table.delete(at), model.delete(at));
          else if (!model.has(at)) {
            const added = stream(at);
            model.set(at, added);
            table.add(added);
          }
          assert.equal(table.size, model.size);
        }
        for (let at = 1; at <= 401; at += 2) assert.equal(table.get(at), model.get(at));
        assert.deepEqual(new Set(table.values()), new Set(model.values()));
      }),
    );
  });
});
