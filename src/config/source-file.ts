import { readPlainYaml } from './plain-yaml.ts';
import type { Complaint, Path, Problem } from './problem.ts';
import { pathText } from './problem.ts';
import { type Place, YamlSource } from './yaml-source.ts';

/** One file of the configuration, or the object that stands for it. */
export interface Source {
  /** For messages. */
  readonly name: string;
  /** What relative paths in it are relative to; absolute. */
  readonly directory: string;
  readonly data: unknown;
  /** Faults of the text itself, in order. */
  readonly problems: readonly Problem[];
  /** The first line that the structure was lost at; Infinity when it was not. What stands below is guesswork. */
  readonly brokenLine: number;
  /** `shown`: the path in the whole configuration, when this file is only a part of it. */
  problemAt(complaint: Complaint, shown?: Path): Problem;
}

/** Reads a text: fast when it is plain, by the library otherwise, and again by the library once a place is asked for. */
export class TextSource implements Source {
  readonly name: string;
  readonly directory: string;
  readonly data: unknown;
  readonly problems: readonly Problem[];
  readonly brokenLine: number;
  readonly #text: string;
  #yaml: YamlSource | undefined;
  #lines: readonly string[] | undefined;

  constructor(text: string, name: string, directory: string) {
    this.name = name;
    this.directory = directory;
    this.#text = text;
    const plain = readPlainYaml(text);
    this.data = plain === undefined ? this.#positions().data : plain.value;
    const faults = plain === undefined ? this.#positions().faults : [];
    this.problems = faults.map((fault) =>
      this.#problem(this.#positions().placeOf(fault), fault.message, fault.hint, []),
    );
    const breaks = faults
      .filter((fault) => fault.breaksStructure)
      .map((fault) => this.#positions().placeOf(fault).line);
    this.brokenLine = Math.min(Number.POSITIVE_INFINITY, ...breaks);
  }

  problemAt(complaint: Complaint, shown: Path = complaint.path): Problem {
    const place = this.#positions().place(complaint.path, complaint.at, complaint.offset);
    return this.#problem(place, complaint.message, complaint.hint, shown);
  }

  #problem(place: Place, message: string, hint: string | undefined, path: Path): Problem {
    this.#lines ??= this.#text.split(/\r?\n/);
    const sourceLine = this.#lines[place.line - 1];
    return {
      file: this.name,
      ...place,
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(sourceLine === undefined ? {} : { sourceLine }),
      path: pathText(path),
    };
  }

  #positions(): YamlSource {
    this.#yaml ??= new YamlSource(this.#text);
    return this.#yaml;
  }
}

/** Settings given by a program: places are paths. */
export class ObjectSource implements Source {
  readonly name = '';
  readonly directory: string;
  readonly data: unknown;
  readonly problems: readonly Problem[] = [];
  readonly brokenLine: number = Number.POSITIVE_INFINITY;

  constructor(data: unknown, directory: string) {
    this.data = data;
    this.directory = directory;
  }

  problemAt({ path, message, hint }: Complaint): Problem {
    return {
      file: '',
      line: 0,
      column: 0,
      message,
      ...(hint === undefined ? {} : { hint }),
      path: pathText(path),
    };
  }
}
