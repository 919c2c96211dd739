/** One complaint about a configuration, with its place. */
export interface Problem {
  /** As the command line or the `include` named it; '' when settings were given as an object. */
  readonly file: string;
  /** From 1; 0 when there is no file. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
  readonly message: string;
  /** What to write instead. */
  readonly hint?: string;
  /** The whole line, for showing the place. */
  readonly sourceLine?: string;
  /** `tenants.shop.routes[0].cluster`; '' for the file as a whole. */
  readonly path: string;
  /** Worth saying, but the configuration is good. Absent: an error. */
  readonly severity?: 'warning';
}

/** Keys and list positions from the root of the configuration. */
export type Path = readonly (string | number)[];

/** A problem before its place is known. `at`: whether the key or the value of `path` is meant. */
export interface Complaint {
  readonly path: Path;
  readonly at: 'key' | 'value';
  readonly message: string;
  readonly hint: string | undefined;
  /** Which character of the value is meant; absent: the whole value. */
  readonly offset?: number;
  /** Something that should be there is not: says nothing about a file that could not be read to its end. */
  readonly isAbsence?: boolean;
}

export function complain(path: Path, message: string, hint?: string): Complaint {
  return { path, at: 'value', message, hint };
}

export function complainOfAbsence(path: Path, message: string, hint?: string): Complaint {
  return { path, at: 'value', message, hint, isAbsence: true };
}

export function complainAboutKey(path: Path, message: string, hint?: string): Complaint {
  return { path, at: 'key', message, hint };
}

export function pathText(path: Path): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else if (!/^[\w-]+$/.test(part)) text += `[${JSON.stringify(part)}]`;
    else text += text === '' ? part : `.${part}`;
  }
  return text;
}

/** Lines longer than this are shown around the place only. */
const MAX_SHOWN = 120;

/** What is shown of many: nobody reads ten thousand warnings of certificates that end together. */
const MAX_PROBLEMS = 100;

/**
 * For people, the first of many:
 *
 *     conf/portico.yaml:12:5: unknown key "adress"
 *         - adress: ":8080"
 *           ^
 *       hint: did you mean "address"?
 */
export function formatProblems(problems: readonly Problem[]): string {
  const more = problems.length - MAX_PROBLEMS;
  const shown = problems.slice(0, MAX_PROBLEMS).map(formatProblem).join('');
  return more > 0 ? `${shown}and ${more} more, which are not shown\n` : shown;
}

function formatProblem(problem: Problem): string {
  const { file, line, column, hint, sourceLine, path } = problem;
  const message =
    problem.severity === undefined ? problem.message : `${problem.severity}: ${problem.message}`;
  const place =
    line > 0 ? `${file}:${line}:${column}` : [file, path].filter((part) => part !== '').join(': ');
  const lines = [place === '' ? message : `${place}: ${message}`];
  if (sourceLine !== undefined) lines.push(...pointAt(sourceLine, column));
  if (hint !== undefined) lines.push(`  hint: ${hint}`);
  return `${lines.join('\n')}\n`;
}

/** The line, and a caret below the column. Tabs stay tabs below, so that both lines move together. */
function pointAt(sourceLine: string, column: number): string[] {
  const cut = column > MAX_SHOWN ? column - MAX_SHOWN / 2 : 0;
  const shown = sourceLine.slice(cut, cut + MAX_SHOWN);
  const before = shown.slice(0, column - 1 - cut).replace(/[^\t]/g, ' ');
  return [`    ${shown.replace(INVISIBLE, '\u{FFFD}')}`, `    ${before}^`];
}

/** What a terminal would obey in place of showing it: a file may come from somebody else. */
const INVISIBLE = /(?!\t)[\p{Cc}\p{Cf}]/gu;
