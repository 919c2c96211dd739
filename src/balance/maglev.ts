import { murmur3 } from '../core/murmur3.ts';
import { type Balancer, isCandidate } from './balancer.ts';
import type { Instance } from './instance.ts';
import { LoadBound } from './load-bound.ts';

/**
 * Maglev hashing (Eisenbud and others, NSDI 2016): a table in which each instance has a share of the places that is true to its
 * weight, filled by each in an order of its own. More even than a ring and one look instead of a search; an instance that leaves the
 * configuration moves a few keys of others too. One that is ejected moves none: the table stays, and its keys go on from there.
 */
export class Maglev implements Balancer {
  readonly #instances: readonly Instance[];
  readonly #weights: readonly number[];
  /** The index of the instance of each place. */
  readonly #table: Uint16Array;
  readonly #bound = new LoadBound();

  constructor(instances: readonly Instance[]) {
    this.#instances = instances;
    this.#weights = instances.map(({ weight }) => weight);
    this.#table = fillTable(instances);
  }

  choose(tried: readonly Instance[], key: number): Instance | undefined {
    const instances = this.#instances;
    this.#bound.update(instances, this.#weights, tried);
    let at = key % TABLE_SIZE;
    for (let step = 0; step < MAX_STEPS; step++) {
      const owner = this.#table[at]!;
      const instance = instances[owner]!;
      if (isCandidate(instance, tried) && this.#bound.allows(instance, this.#weights[owner]!))
        return instance;
      at = (at + STRIDE) % TABLE_SIZE;
    }
    // Nearly all are out: whoever is left.
    return instances.find((instance) => isCandidate(instance, tried));
  }
}

/** Prime, so that every step goes through all of it; 65 times the thousand instances that a cluster may have in practice. */
const TABLE_SIZE = 65_537;
/** To a place that has nothing to do with the last: neighbours' keys would all go to one instance. */
const STRIDE = 40_503;
const MAX_STEPS = 256;
const EMPTY = 0xffff;

function fillTable(instances: readonly Instance[]): Uint16Array {
  const table = new Uint16Array(TABLE_SIZE).fill(EMPTY);
  const heaviest = Math.max(...instances.map(({ weight }) => weight));
  const fillers = instances.map(({ address, weight }, owner) => ({
    owner,
    // Turns that it has in each round: 1 for the heaviest.
    turns: weight / heaviest,
    saved: 0,
    next: murmur3(address.text, OFFSET_SEED) % TABLE_SIZE,
    skip: (murmur3(address.text, SKIP_SEED) % (TABLE_SIZE - 1)) + 1,
  }));
  let left = TABLE_SIZE;
  while (left > 0) {
    for (const filler of fillers) {
      filler.saved += filler.turns;
      if (filler.saved < 1 || left === 0) continue;
      filler.saved -= 1;
      while (table[filler.next] !== EMPTY) filler.next = (filler.next + filler.skip) % TABLE_SIZE;
      table[filler.next] = filler.owner;
      left -= 1;
    }
  }
  return table;
}

const OFFSET_SEED = 1;
const SKIP_SEED = 2;
