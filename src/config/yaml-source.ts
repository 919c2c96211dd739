import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import type { Path } from './problem.ts';

/** Where something stands; both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** What is wrong with the text itself. */
export interface TextFault {
  readonly offset: number;
  readonly message: string;
  readonly hint: string | undefined;
  /** The rest of the file cannot be trusted: brackets, indentation, quotes. */
  readonly breaksStructure: boolean;
}

/**
 * One text read by the yaml library: its data, its faults, and the position of every node. Slow (about 1 s per 1.5 MB),
 * so it is made only for texts that the plain reader gives up on, and when something has to be pointed at.
 */
export class YamlSource {
  readonly data: unknown;
  readonly faults: readonly TextFault[];
  readonly #document: Document.Parsed;
  readonly #lines = new LineCounter();
  /** Finding a key in a mapping of thousands must not be a search each time. */
  readonly #pairs = new WeakMap<YAMLMap, Map<string, Pair>>();

  constructor(text: string) {
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      logLevel: 'error',
      // The library's own search is quadratic in the size of a mapping; `findRepeatedKeys` is not.
      uniqueKeys: false,
    });
    const faults = [...this.#document.errors, ...this.#document.warnings].map((error) => ({
      offset: error.pos[0],
      message: uncapitalize(error.message),
      hint: error.code === 'TAB_AS_INDENT' ? 'indent with spaces' : undefined,
      breaksStructure: error.name === 'YAMLParseError',
    }));
    faults.push(...findKeyFaults(this.#document, (offset) => this.#place(offset)));
    const { data, fault } = toData(this.#document);
    this.data = data;
    this.faults = fault === undefined ? faults : [...faults, fault];
  }

  /**
   * The place of a key or value. When the path leads to something that is not there, the key that should hold it; when
   * a value was left empty, its key.
   */
  place(path: Path, at: 'key' | 'value'): Place {
    let node: unknown = this.#document.contents;
    let keyOffset = isCollection(node) ? (node.range?.[0] ?? 0) : 0;
    for (const part of path) {
      const holder = isAlias(node) ? node.resolve(this.#document) : node;
      const found = this.#step(holder, part);
      if (found === undefined) return this.#place(keyOffset);
      keyOffset = found.keyOffset ?? keyOffset;
      node = found.value;
    }
    return this.#place(at === 'value' ? (valueOffset(node) ?? keyOffset) : keyOffset);
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

/** Undefined for a value that was left empty. */
function valueOffset(node: unknown): number | undefined {
  const range = (node as Node | null)?.range;
  if (!range || (isScalar(node) && node.value === null && node.source === '')) return undefined;
  return range[0];
}

function keyText(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}

/** Keys that occur twice in one mapping, and the key that JavaScript objects cannot hold safely. */
function findKeyFaults(document: Document.Parsed, place: (offset: number) => Place): TextFault[] {
  const faults: TextFault[] = [];
  visit(document, {
    Map(_, map) {
      const seen = new Map<string, number>();
      for (const { key } of map.items) {
        const name = keyText(key);
        const offset = valueOffset(key) ?? map.range?.[0] ?? 0;
        const first = seen.get(name);
        seen.set(name, first ?? offset);
        if (first !== undefined)
          faults.push(
            keyFault(
              offset,
              `the key ${JSON.stringify(name)} is given twice`,
              `the first one is in line ${place(first).line}`,
            ),
          );
        else if (name === '__proto__')
          faults.push(keyFault(offset, '"__proto__" cannot be a key', undefined));
      }
    },
  });
  return faults;
}

function keyFault(offset: number, message: string, hint: string | undefined): TextFault {
  return { offset, message, hint, breaksStructure: false };
}

/** Expanding aliases can fail: one that refers to nothing, or a few lines that would grow to gigabytes. */
function toData(document: Document.Parsed): { data: unknown; fault?: TextFault } {
  try {
    return { data: document.toJS() };
  } catch (error) {
    let offset = 0;
    visit(document, {
      Alias: (_, alias) => {
        offset = alias.range?.[0] ?? offset;
      },
    });
    const message = error instanceof Error ? uncapitalize(error.message) : 'cannot be expanded';
    return {
      data: {},
      fault: {
        offset,
        message,
        hint: 'write the values out instead of repeating aliases',
        breaksStructure: true,
      },
    };
  }
}

function uncapitalize(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
