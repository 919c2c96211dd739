import { htmlPage, htmlText, pagePolicy } from './html-page.ts';

export type ExplainAnswer =
  /** `decision` is JSON-able; `report` is the same for people. */
  | { readonly ok: true; readonly decision: object; readonly report: string }
  | { readonly ok: false; readonly problem: string };

/** The form that asks where a request would go, with what was asked; `answer` when something was. */
export function renderExplainPage(query: URLSearchParams, answer: ExplainAnswer | undefined): string {
  const fields = FIELDS.map(([name, label, example]) => {
    const value = htmlText(query.getAll(name).join('\n'));
    const hint = `placeholder="${htmlText(example)}"`;
    const input =
      name === 'header' || name === 'data'
        ? `<textarea id="${name}" name="${name}" rows="3" ${hint}>\n${value}</textarea>`
        : `<input id="${name}" name="${name}" value="${value}" ${hint}>`;
    return `<label for="${name}">${label}</label>${input}`;
  });
  return htmlPage(
    'where would it go?',
    `<h1>Where would it go? <small><a href="/">overview</a></small></h1>
<p>Nothing is sent: the request is taken through the tables that traffic goes through now.</p>
<form action="/explain" method="get">
${fields.join('\n')}
<button>Explain</button>
</form>
${answer === undefined ? '' : answerText(answer)}`,
  );
}

export const EXPLAIN_PAGE_POLICY: string = pagePolicy("'self'");

function answerText(answer: ExplainAnswer): string {
  if (!answer.ok) return `<pre>${htmlText(answer.problem)}</pre>`;
  const lines = answer.report.trimEnd().split('\n');
  const rest =
    lines.length > MAX_LINES
      ? `<p class="dim">and ${lines.length - MAX_LINES} lines more: ask for JSON</p>`
      : '';
  return `<pre class="report">${htmlText(lines.slice(0, MAX_LINES).join('\n'))}</pre>${rest}`;
}

/** A tenant may have ten thousand routes. */
const MAX_LINES = 500;

const FIELDS = [
  ['url', 'URL', 'https://shop.example.org/cart'],
  ['method', 'Method', 'GET'],
  ['header', 'Headers', 'x-beta: 1'],
  ['sni', 'Name by SNI', "the URL's host"],
  ['clientIp', 'Client address', '192.0.2.1'],
  ['vip', 'Address connected to', '192.0.2.80'],
  ['data', 'Body', '{"model":"small"}'],
  ['at', 'Time', 'now, or 2026-12-24T18:00:00Z'],
] as const;
