import { readFileSync } from 'node:fs';

/** One case of a transcript file: a heading, prose that says why, a ```wire block and an ```events block. */
export interface TranscriptCase {
  readonly title: string;
  readonly wire: string;
  readonly events: string;
}

/** The cases below the `##` headings of a Markdown file. Throws on a case that lacks a block or its reason. */
export function readTranscript(file: string | URL): TranscriptCase[] {
  const sections = readFileSync(file, 'utf8').split(/^## /m).slice(1);
  return sections.map((section) => {
    const newline = section.indexOf('\n');
    const title = section.slice(0, newline).trim();
    const body = section.slice(newline);
    const wire = block(body, 'wire');
    const events = block(body, 'events');
    if (wire === undefined || events === undefined)
      throw new Error(`${title}: needs a wire and an events block`);
    if (body.slice(0, body.indexOf('```')).trim() === '') throw new Error(`${title}: says no reason`);
    return { title, wire, events };
  });
}

function block(body: string, language: string): string | undefined {
  return new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, 'm').exec(body)?.[1];
}
