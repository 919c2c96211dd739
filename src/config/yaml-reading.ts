import {
  type Document,
  isScalar,
  type LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';

/** What is wrong with the text itself. */
export interface TextFault {
  readonly offset: number;
  readonly message: string;
  readonly hint: string | undefined;
  /** The rest of the file cannot be trusted: brackets, indentation, quotes. */
  readonly breaksStructure: boolean;
}

export interface YamlReading {
  readonly document: Document.Parsed;
  readonly data: unknown;
  readonly faults: readonly TextFault[];
}

/** Reads a text by the yaml library; `lines` learns where its lines begin. Never throws, whatever the text. */
export function readYaml(text: string, lines: LineCounter): YamlReading {
  try {
    return parseAndExpand(text, lines);
  } catch (error) {
    // The library goes down one call per level of nesting: the stack ends, in a regular expression or elsewhere.
    if (!(error instanceof RangeError || error instanceof SyntaxError)) throw error;
    return { document: parseDocument('{}'), data: {}, faults: [{ offset: 0, ...TOO_DEEP }] };
  }
}

const TOO_DEEP: Omit<TextFault, 'offset'> = {
  message: 'the text is nested too deeply',
  hint: undefined,
  breaksStructure: true,
};

const SECOND_DOCUMENT: Omit<TextFault, 'offset'> = {
  message: 'a second document begins here, and a file is one document',
  hint: 'take the line out, or include the rest as a file of its own',
  breaksStructure: true,
};

function parseAndExpand(text: string, lines: LineCounter): YamlReading {
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
    // The library's own search is quadratic in the size of a mapping; `findKeyFaults` is not.
    uniqueKeys: false,
  });
  const faults = [...document.errors, ...document.warnings].filter(isFirstOfItsPlace).map(describe);
  faults.push(...findKeyFaults(document, lines));
  try {
    return { document, data: document.toJS(), faults };
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return { document, data: {}, faults: [...faults, aliasFault(document, uncapitalize(error.message))] };
  }
}

/** Every bracket left open is an error of its own, at the end of the file. */
function isFirstOfItsPlace({ pos }: YAMLError, index: number, errors: readonly YAMLError[]): boolean {
  return index === 0 || errors[index - 1]!.pos[0] !== pos[0];
}

function describe(error: YAMLError): TextFault {
  const [offset] = error.pos;
  if (error.code === 'RESOURCE_EXHAUSTION') return { offset, ...TOO_DEEP };
  if (error.code === 'MULTIPLE_DOCS') return { offset, ...SECOND_DOCUMENT };
  return {
    offset,
    message: uncapitalize(error.message),
    hint: error.code === 'TAB_AS_INDENT' ? 'indent with spaces' : undefined,
    breaksStructure: error.name === 'YAMLParseError',
  };
}

/** An alias that refers to nothing, or a few lines of aliases that would grow to gigabytes. */
function aliasFault(document: Document.Parsed, message: string): TextFault {
  let offset = 0;
  visit(document, {
    Alias: (_, alias) => {
      offset = alias.range?.[0] ?? offset;
    },
  });
  return { offset, message, hint: undefined, breaksStructure: true };
}

/** Keys that occur twice in one mapping, and the key that JavaScript objects cannot hold safely. */
function findKeyFaults(document: Document.Parsed, lines: LineCounter): TextFault[] {
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
              `the first one is in line ${lines.linePos(first).line}`,
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

/** Undefined for a value that was left empty. */
export function valueOffset(node: unknown): number | undefined {
  const range = (node as Node | null)?.range;
  if (!range || (isScalar(node) && node.value === null && node.source === '')) return undefined;
  return range[0];
}

export function keyText(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}

function uncapitalize(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
