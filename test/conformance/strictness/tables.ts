/** A line of a table: `start` are its first cells, up to what Portico does; undefined is who was not asked. */
export interface Line {
  readonly topic: string;
  readonly start: string;
  readonly answers: readonly (string | undefined)[];
}

/** A heading and a table for each topic; `what` heads the column of what was sent. */
export function tables(what: string, peers: readonly string[], lines: readonly Line[]): string {
  return [...Map.groupBy(lines, ({ topic }) => topic)]
    .map(([topic, group]) => {
      const header = `| case | ${what} | Portico | ${peers.join(' | ')} |\n|---|---|---|${peers.map(() => '---|').join('')}\n`;
      const rows = group.map(
        ({ start, answers }) => `${start}${cells(answers.map((text) => text ?? '—')).slice(1)}\n`,
      );
      return `### ${topic}\n\n${header}${rows.join('')}`;
    })
    .join('\n');
}

export function cells(texts: readonly string[]): string {
  return `| ${texts.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** A code span; the fence is longer than any run of backticks inside. */
export function code(text: string): string {
  const fence = '`'.repeat(1 + Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length)));
  return fence.length === 1 ? `\`${text}\`` : `${fence} ${text} ${fence}`;
}
