import { type Located, LocatedMapping } from './located.ts';
import { TextFault } from './read-json.ts';

/**
 * Reads the INI of BFE's .conf files, as git has it: `[Section]`, `Key = value`, `#` and `;` begin comments, quotes keep them from it; a
 * key that comes again has a list of values. The result is a mapping of sections.
 */
export function readIni(text: string, file: string): Located | TextFault {
  const sections: { name: string; line: number; values: Map<string, Value[]> }[] = [];
  for (const [i, written] of text.split(/\r?\n/).entries()) {
    const line = i + 1;
    const content = written.trim();
    if (content === '' || content.startsWith('#') || content.startsWith(';')) continue;
    const section = /^\[\s*([^\]"\s]+)\s*\]\s*(?:[#;].*)?$/.exec(content)?.[1];
    if (section !== undefined) {
      const known = sections.find(({ name }) => name.toLowerCase() === section.toLowerCase());
      if (known === undefined) sections.push({ name: section, line, values: new Map() });
      else sections.push(...sections.splice(sections.indexOf(known), 1));
      continue;
    }
    const pair = /^([A-Za-z][\w-]*)\s*(?:=\s*(.*))?$/.exec(content);
    const current = sections.at(-1);
    if (pair === null) return new TextFault(line, 'expected [Section] or Key = value');
    if (current === undefined) return new TextFault(line, `${pair[1]} stands before any [Section]`);
    const value = readValue(pair[2]);
    if (value === undefined) return new TextFault(line, 'the quotation mark is never closed');
    const values = current.values.get(pair[1]!) ?? [];
    current.values.set(pair[1]!, values);
    values.push({ ...value, line });
  }
  const place = (line: number) => ({ file, line });
  const entries = sections.map(({ name, line, values }) => ({
    name,
    place: place(line),
    value: { place: place(line), value: mappingOf(values, place) },
  }));
  return { place: place(1), value: new LocatedMapping(entries) };
}

interface Word {
  readonly text: string;
  readonly isBare: boolean;
}

interface Value extends Word {
  readonly line: number;
}

function mappingOf(
  values: ReadonlyMap<string, readonly Value[]>,
  place: (line: number) => Located['place'],
): LocatedMapping {
  const locate = ({ text, isBare, line }: Value): Located => ({ place: place(line), value: text, isBare });
  return new LocatedMapping(
    Array.from(values, ([name, list]) => ({
      name,
      place: place(list[0]!.line),
      value: list.length === 1 ? locate(list[0]!) : { place: place(list[0]!.line), value: list.map(locate) },
    })),
  );
}

/** A key alone is a flag that is set. Undefined for a quotation mark without its fellow. */
function readValue(written: string | undefined): Word | undefined {
  if (written === undefined) return { text: 'true', isBare: true };
  let text = '';
  let isBare = true;
  for (const [piece] of written.matchAll(/"(?:[^"\\]|\\.)*"|"|[#;].*$|[^"#;]+/g)) {
    if (piece === '"') return undefined;
    if (piece.startsWith('#') || piece.startsWith(';')) break;
    if (piece.startsWith('"')) {
      isBare = false;
      text += piece.slice(1, -1).replaceAll(/\\(.)/g, (_, char: string) => ESCAPES.get(char) ?? char);
    } else {
      text += piece;
    }
  }
  return { text: isBare ? text.trim() : text.trimEnd(), isBare };
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
]);
