/** What became of a line of BFE's files. `error`: it keeps the import, or its result, from being of use. */
export type Verdict = 'kept' | 'changed' | 'dropped' | 'error';

/** A line of a file, as the reader of the report would call it. */
export interface Place {
  readonly file: string;
  /** From 1; 0: the file as a whole. */
  readonly line: number;
}

export interface Finding extends Place {
  readonly verdict: Verdict;
  /** One line: what, why, and what to do. */
  readonly text: string;
}

/** A mapping or a list of the configuration that is made; comments and origins belong to it, whatever it holds. */
export type Part = object;

/**
 * Collects what became of each line. Whoever says with it which part of the new configuration a line became, has what was changed
 * or dropped written above that part, and lets later complaints about the part find their way back to the line.
 */
export class Report {
  readonly #findings: Finding[] = [];
  /** One line may become several parts, and what is wrong with it is wrong with each. */
  readonly #said = new Set<string>();
  readonly #comments = new WeakMap<Part, string[]>();
  readonly #origins = new WeakMap<Part, Place>();
  readonly #files = new Map<string, number>();

  kept(place: Place, text: string, part?: Part): void {
    this.#add('kept', place, text, part);
  }

  changed(place: Place, text: string, part?: Part): void {
    this.#add('changed', place, text, part);
    if (part !== undefined) this.comment(part, text);
  }

  dropped(place: Place, text: string, part?: Part): void {
    this.#add('dropped', place, text, part);
    if (part !== undefined) this.comment(part, `not carried over: ${text}`);
  }

  /** Without a place: the import as a whole. */
  error(place: Place, text: string): void {
    this.#add('error', place, text, undefined);
  }

  comment(part: Part, text: string): void {
    const comments = this.#comments.get(part) ?? [];
    this.#comments.set(part, comments);
    const line = oneLine(text, MAX_COMMENT);
    if (!comments.includes(line)) comments.push(line);
  }

  /** Says where a part comes from, without saying anything about it. */
  stems(part: Part, place: Place): void {
    if (!this.#origins.has(part)) this.#origins.set(part, place);
  }

  commentsOn(part: Part): readonly string[] {
    return this.#comments.get(part) ?? [];
  }

  originOf(part: Part): Place | undefined {
    return this.#origins.get(part);
  }

  has(...verdicts: readonly Verdict[]): boolean {
    return this.#findings.some(({ verdict }) => verdicts.includes(verdict));
  }

  /** In order of the files as they were first mentioned, then of their lines. */
  get findings(): readonly Finding[] {
    const rank = ({ file }: Finding) => this.#files.get(file)!;
    return this.#findings.toSorted((a, b) => rank(a) - rank(b) || a.line - b.line);
  }

  #add(verdict: Verdict, { file, line }: Place, text: string, part: Part | undefined): void {
    if (part !== undefined) this.stems(part, { file, line });
    const finding = { file, line, verdict, text: oneLine(text, MAX_TEXT) };
    const key = JSON.stringify(finding);
    if (this.#said.has(key)) return;
    this.#said.add(key);
    if (!this.#files.has(file)) this.#files.set(file, this.#files.size);
    this.#findings.push(finding);
  }
}

const MAX_TEXT = 2000;
const MAX_COMMENT = 400;

/** What files hold may end lines, or command the terminal that it is shown on. */
function oneLine(text: string, most: number): string {
  const line = text.replaceAll(/\s+/g, ' ').replaceAll(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '?');
  return line.length > most ? `${line.slice(0, most)} …` : line;
}

/** A finding for people: `conf/bfe.conf:3: kept     HttpPort 8080`. */
export function formatFinding({ file, line, verdict, text }: Finding): string {
  const place = line === 0 ? file : `${file}:${line}`;
  return `${oneLine(place, MAX_TEXT)}: ${verdict.padEnd(7)}  ${text}\n`;
}
