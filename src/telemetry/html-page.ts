import { createHash } from 'node:crypto';

/** A whole document for people: no scripts, no outside resources. `body` is HTML; `refreshSeconds`: it asks for itself so often. */
export function htmlPage(title: string, body: string, refreshSeconds?: number): string {
  const refresh =
    refreshSeconds === undefined ? '' : `<meta http-equiv="refresh" content="${refreshSeconds}">`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Portico · ${htmlText(title)}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">${refresh}
<style>${STYLE}</style></head><body>
${body}
</body></html>
`;
}

export function htmlText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

const STYLE = `
:root { color-scheme: light dark; --line: #8884; --dim: #888; --good: #1a7f37; --bad: #cf222e; --warn: #9a6700 }
@media (prefers-color-scheme: dark) { :root { --good: #3fb950; --bad: #ff7b72; --warn: #d29922 } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin: 2rem 0 .4rem } small, .dim { color: var(--dim) }
h1 span { font-size: 1rem; margin-left: .5rem }
table { border-collapse: collapse; width: 100% } th { text-align: left; font-weight: 600 }
td, th { padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
.wide { overflow-x: auto }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
.good { color: var(--good) } .bad { color: var(--bad) } .warn { color: var(--warn) }
pre { border-left: 3px solid var(--bad); padding: .5rem 1rem; overflow-x: auto }
pre.report { border-color: var(--good) }
form { display: grid; grid-template-columns: 9rem 1fr; gap: .5rem 1rem; align-items: start; max-width: 45rem }
form button { grid-column: 2; justify-self: start } input, textarea, button { font: inherit }
`;

/** Nothing runs, nothing is fetched, nobody frames it; the one style is named by its hash. `forms`: where they may lead. */
export function pagePolicy(forms: "'none'" | "'self'"): string {
  return [
    "default-src 'none'",
    `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
    `form-action ${forms}`,
  ].join('; ');
}
