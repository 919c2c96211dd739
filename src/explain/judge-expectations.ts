import type {
  Expectation,
  ExpectationFault,
  ExpectedOutcome,
  JudgeExpectations,
} from '../core/expectation.ts';
import type { Outcome } from './decision.ts';
import { explainCommand } from './explain-command.ts';
import { type ExplainedRequest, headersWith, serverNameOf } from './explained-request.ts';
import { Explainer } from './explainer.ts';
import { outcomeText } from './outcome-text.ts';

/** Takes the request of each case through the tables of these settings, and compares what comes out with what was expected. */
export const judgeExpectations: JudgeExpectations = (settings, cases) => {
  if (cases.length === 0) return [];
  let explainer: Explainer;
  try {
    explainer = new Explainer(settings);
  } catch (error) {
    // A module from a file cannot be made: no case can be judged.
    return [
      {
        index: 0,
        key: 'request',
        message: (error as Error).message,
        hint: 'without it no request can be judged',
      },
    ];
  }
  // A path alone is asked as most clients would come.
  const scheme = settings.listeners.some(({ tls }) => tls) ? 'https' : 'http';
  const faults: ExpectationFault[] = [];
  for (const [index, expectation] of cases.entries()) {
    const request = requestOf(expectation, scheme);
    const fault = faultOf(expectation, explainer.decide(request));
    if (fault !== undefined) faults.push({ index, hint: `see why: ${explainCommand(request)}`, ...fault });
  }
  explainer.dispose();
  return faults;
};

function requestOf(
  { request, host = '', headers, body, client, vip, sni, at }: Expectation,
  usual: 'http' | 'https',
): ExplainedRequest {
  const origin = request.origin ?? {
    scheme: sni === undefined ? usual : 'https',
    authority: host.includes(':') ? `[${host}]` : host,
  };
  const serverName = origin.scheme === 'http' ? '' : (sni ?? serverNameOf(origin.authority));
  return {
    ...origin,
    method: request.method,
    path: request.path,
    headers: headersWith(body, headers),
    serverName: serverName.toLowerCase(),
    clientIp: client,
    vip,
    body,
    at,
  };
}

function faultOf(
  { tenant, at, expected }: Expectation,
  outcome: Outcome,
): (Omit<ExpectationFault, 'index' | 'hint'> & { readonly hint?: string }) | undefined {
  if (outcome.dependsOnTime && at === undefined) {
    return {
      key: 'request',
      message: 'what becomes of this request depends on the time',
      hint: 'say when it is made: at: "2026-12-24T18:00:00Z"',
    };
  }
  const isElsewhere = outcome.tenant !== null && outcome.tenant.name !== tenant;
  for (const [key, wanted] of Object.entries(expected) as [keyof ExpectedOutcome, string | number][]) {
    if (!isElsewhere && (actual(outcome)[key] === wanted || mayLeadTo(outcome, key, wanted))) continue;
    const seen = isElsewhere ? `the request is one of tenant ${outcome.tenant?.name}` : outcomeText(outcome);
    return { key, message: `expected ${PHRASES[key](wanted)}, but ${seen}` };
  }
  return undefined;
}

/** Each of the clusters that have a share, where another one may answer each request. */
function mayLeadTo(
  { target, answer }: Outcome,
  key: keyof ExpectedOutcome,
  wanted: string | number,
): boolean {
  if (key !== 'cluster' || target?.kind !== 'split' || answer?.module !== undefined) return false;
  return target.split.shares.some(({ cluster, weight }) => cluster === wanted && weight > 0);
}

/** Where a module answers, whom the route leads to is not asked. */
function actual({ target, route, answer }: Outcome): { [key in keyof ExpectedOutcome]: unknown } {
  const asked = answer?.module === undefined ? target : null;
  return {
    cluster: asked?.kind === 'cluster' ? asked.cluster : undefined,
    handler: asked?.kind === 'handler' ? asked.handler : undefined,
    redirect: asked?.kind === 'redirect' ? asked.to : answer?.location,
    route,
    status: answer?.status,
    error: answer?.error,
  };
}

const PHRASES: Readonly<Record<keyof ExpectedOutcome, (wanted: string | number) => string>> = {
  cluster: (name) => `cluster ${name}`,
  handler: (name) => `handler ${name}`,
  redirect: (url) => `a redirect to ${url}`,
  route: (pattern) => `the route ${JSON.stringify(pattern)}`,
  status: (status) => `status ${status}`,
  error: (name) => `the error ${name}`,
};
