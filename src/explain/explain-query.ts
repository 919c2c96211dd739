import type { Decision } from './decision.ts';
import { explainReport } from './explain-report.ts';
import type { Explainer } from './explainer.ts';
import { readQuestion } from './question.ts';

/** The answer to a query such as `url=https://shop.example.org/cart&header=x-beta:1`; or what is wrong with it. */
export function explainQuery(
  explainer: Explainer,
  query: URLSearchParams,
):
  | { readonly ok: true; readonly decision: Decision; readonly report: string }
  | { readonly ok: false; readonly problem: string } {
  const stranger = [...query.keys()].find((key) => !KEYS.includes(key));
  if (stranger !== undefined)
    return {
      ok: false,
      problem: `there is no ${JSON.stringify(stranger)} here: it is one of ${KEYS.join(', ')}`,
    };
  const given = (key: string): string | undefined => query.get(key)?.trim() || undefined;
  const url = given('url');
  if (url === undefined)
    return {
      ok: false,
      problem: `name a request: /explain?url=https://… and what else of ${KEYS.join(', ')}`,
    };
  const request = readQuestion({
    url,
    method: given('method'),
    // A form has one field for all of them, with a line for each.
    headers: query
      .getAll('header')
      .flatMap((text) => text.split(/[\r\n]+/).filter((line) => line.trim() !== '')),
    sni: given('sni'),
    clientIp: given('clientIp'),
    vip: given('vip'),
    data: query.get('data') || undefined,
    at: given('at'),
  });
  if (typeof request === 'string') return { ok: false, problem: request };
  const decision = explainer.explain(request);
  return { ok: true, decision, report: explainReport(decision) };
}

const KEYS: readonly string[] = ['url', 'method', 'header', 'sni', 'clientIp', 'vip', 'data', 'at'];
