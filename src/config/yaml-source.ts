import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  type YAMLMap,
} from 'yaml';
import type { Path } from './problem.ts';
import { scalarOffset } from './scalar-offset.ts';
import { keyText, readYaml, type TextFault, valueOffset } from './yaml-reading.ts';

/** Where something stands; both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/**
 * One text read by the yaml library: its data, its faults, and the position of every node. Slow (about 1 s per 1.5 MB),
 * so it is made only for texts that the plain reader gives up on, and when something has to be pointed at.
 */
export class YamlSource {
  readonly data: unknown;
  readonly faults: readonly TextFault[];
  readonly #text: string;
  readonly #document: Document.Parsed;
  readonly #lines = new LineCounter();
  /** Finding a key in a mapping of thousands must not be a search each time. */
  readonly #pairs = new WeakMap<YAMLMap, Map<string, Pair>>();

  constructor(text: string) {
    const { document, data, faults } = readYaml(text, this.#lines);
    this.#text = text;
    this.#document = document;
    this.data = data;
    this.faults = faults;
  }

  /**
   * The place of a key or value. When the path leads to something that is not there, the key that should hold it; when
   * a value was left empty, its key. `offset`: which character of the value.
   */
  place(path: Path, at: 'key' | 'value', offset?: number): Place {
    let node: unknown = this.#document.contents;
    let keyOffset = isCollection(node) ? (node.range?.[0] ?? 0) : 0;
    for (const part of path) {
      const holder = isAlias(node) ? node.resolve(this.#document) : node;
      const found = this.#step(holder, part);
      if (found === undefined) return this.#place(keyOffset);
      keyOffset = found.keyOffset ?? keyOffset;
      node = found.value;
    }
    if (at === 'key') return this.#place(keyOffset);
    const within =
      offset !== undefined && isScalar(node) ? scalarOffset(this.#text, node, offset) : undefined;
    return this.#place(within ?? valueOffset(node) ?? keyOffset);
  }

  #place(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  }

  placeOf(fault: TextFault): Place {
    return this.#place(fault.offset);
  }

  #step(node: unknown, part: string | number): { keyOffset: number | undefined; value: unknown } | undefined {
    if (isSeq(node) && typeof part === 'number') {
      const value = node.items[part];
      return value === undefined ? undefined : { keyOffset: valueOffset(value), value };
    }
    const pair = isMap(node) ? this.#pairsOf(node).get(String(part)) : undefined;
    return pair && { keyOffset: valueOffset(pair.key), value: pair.value };
  }

  #pairsOf(map: YAMLMap): Map<string, Pair> {
    let pairs = this.#pairs.get(map);
    if (pairs === undefined) {
      pairs = new Map(map.items.map((pair) => [keyText(pair.key), pair]));
      this.#pairs.set(map, pairs);
    }
    return pairs;
  }
}
