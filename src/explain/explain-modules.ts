import { type Answer, REFUSED } from '../core/callback-points.ts';
import { type ErrorName, exchangeError } from '../core/errors.ts';
import type { Location } from '../proxy/location.ts';
import { ownAuthority } from '../proxy/own-authority.ts';
import type { Decision, ExplainedAnswer, Outcome } from './decision.ts';
import { shownCondition } from './shown-condition.ts';

/** What modules make of a request. */
interface ModuleOutcome {
  /** Null: none of them answers. */
  readonly answer: ExplainedAnswer | null;
  readonly forwarded: Outcome['forwarded'];
}

/** Has the modules on the way of a request decide, as traffic does. A request without tenant meets none that does. */
export function moduleOutcome(location: Location, path: string): ModuleOutcome {
  if (location.tenant === undefined) return { answer: null, forwarded: null };
  const { chains, head } = location;
  location.decision ??= chains.decide(location);
  const { decision } = location;
  if (decision === undefined) return { answer: FAILED, forwarded: null };
  if (decision.answer.kind !== 'continue')
    return { answer: { ...answerOf(decision.answer), module: decision.module!.place! }, forwarded: null };
  const kind = location.route?.target.kind;
  const isForwarded = (kind === 'cluster' || kind === 'split') && !location.endsHere;
  const forwarded = isForwarded
    ? chains.rewriteTarget(location, { authority: head.authority, path })
    : undefined;
  if (isForwarded && forwarded === undefined) return { answer: FAILED, forwarded: null };
  if (forwarded === undefined) return { answer: null, forwarded: null };
  const authority = forwarded.authority === '' ? ownAuthority(location.session) : forwarded.authority;
  return { answer: null, forwarded: { authority, path: forwarded.path } };
}

/** All that stand on its way, in their order, with what became of each. */
export function moduleSteps(location: Location): Decision['modules'] {
  if (location.tenant === undefined) return [];
  const { chains, decision, snapshot } = location;
  return snapshot.modules.trace(location).map(({ module, condition, responseCondition, trace }) => {
    const isThere = chains.modules.includes(module);
    const runs = responseCondition === undefined ? 'runs' : 'on-response';
    const verdict = module === decision?.module ? 'answered' : isThere ? runs : 'unmet';
    return {
      place: module.place!,
      kind: module.name,
      when: (condition ?? responseCondition)?.text ?? null,
      verdict,
      condition: trace === undefined ? null : shownCondition(trace),
    };
  });
}

const FAILED: ExplainedAnswer = {
  status: exchangeError('module-failed', '').status,
  error: 'module-failed',
};

const DENIED: ErrorName = 'denied-by-module';

function answerOf(answer: Exclude<Answer, { kind: 'continue' }>): ExplainedAnswer {
  switch (answer.kind) {
    case 'respond':
      return { status: answer.status, error: answer === REFUSED ? DENIED : null };
    case 'redirect':
      return { status: answer.status, error: null, location: answer.url };
    case 'finish':
      return { status: 403, error: DENIED };
    case 'close':
      return { status: 0, error: DENIED };
  }
}
