import type { ConditionTrace } from '../route/condition/condition-trace.ts';
import type { Verdict } from '../route/trace.ts';
import type { Decision, ExplainedTarget } from './decision.ts';
import { splitLines } from './explain-split.ts';
import { waitsLines } from './explain-waits.ts';
import { conditionLines, saidText, shownText } from './shown-condition.ts';

/** A decision for people: one labelled line per step, in the order in which traffic takes them. */
export function explainReport(decision: Decision): string {
  const { request, tenant, stream } = decision;
  const lines = [
    line(
      'request',
      `${request.method} ${request.scheme}://${request.authority}${request.path}${from(request.clientIp)}${at(request.vip)}`,
    ),
    ...request.headers.map(([name, value]) => line('', `${name}: ${value}`)),
  ];
  if (request.body !== undefined) lines.push(line('body', shownText(request.body)));
  if (request.scheme === 'https') {
    lines.push(line('sni', request.serverName || '(none)'));
    lines.push(line('certificate', certificateText(decision)));
  }
  lines.push(line('host', decision.host));
  lines.push(line('tenant', tenant === null ? '(none)' : `${tenant.name} (${tenant.by})`));
  lines.push(line('path', decision.routingPath));
  for (const [i, { pattern, when, verdict, condition, passedOver }] of decision.routes.entries()) {
    const shown = passedOver ? PASSED_OVER : VERDICTS[verdict];
    lines.push(line(i === 0 ? 'routes' : '', `${shown} ${pattern}${conditionText(when, condition)}`));
    // Thousands may be: the others must still be found among them.
    if (!passedOver) lines.push(...traceLines(condition));
  }
  if (stream !== null) lines.push(line('stream', streamText(stream)));
  const { target } = decision;
  const split = target?.kind === 'cluster' || target?.kind === 'split' ? target.split : undefined;
  if (split !== undefined) {
    const chosen = target?.kind === 'cluster' ? target.cluster : undefined;
    lines.push(...splitLines(split, chosen).map((text, i) => line(i === 0 ? 'split' : '', text)));
  }
  lines.push(line('target', decision.target === null ? '(none)' : targetText(decision.target)));
  if (decision.target?.kind === 'cluster') {
    const { instances, subClusters, sticky, waits = {} } = decision.target;
    const shown = (of: string): string[] =>
      instances
        .filter(({ subCluster }) => subCluster === of)
        .map(({ address, weight }) => line('', `  ${address} weight ${weight}`));
    for (const { name, weight, blackhole } of subClusters)
      lines.push(line('', ` ${name} weight ${weight}${blackhole ? ', refused' : ''}`), ...shown(name));
    lines.push(...shown(''));
    if (sticky !== undefined) lines.push(line('sticky', stickyText(sticky)));
    lines.push(...waitsLines(waits).map((text, i) => line(i === 0 ? 'waits' : '', text)));
  }
  const { mirror } = decision;
  if (mirror !== null)
    lines.push(
      line('mirror', `${mirror.percent} % of such requests are copied to cluster ${mirror.cluster}`),
    );
  for (const [i, { place, kind, when, verdict, condition }] of decision.modules.entries()) {
    const shown = `${MODULE_VERDICTS[verdict]} ${place} ${kind}${conditionText(when, condition)}`;
    lines.push(line(i === 0 ? 'modules' : '', shown));
    lines.push(...traceLines(condition));
  }
  const { forwarded } = decision;
  if (forwarded !== null && decision.modules.length > 0)
    lines.push(line('forwarded', `${request.method} ${forwarded.path} to host ${forwarded.authority}`));
  lines.push(line('answer', answerText(decision)));
  return lines.join('');
}

const VERDICTS: Readonly<Record<Verdict, string>> = {
  chosen: '-> chosen     ',
  shadowed: '   shadowed   ',
  'other-host': '   other host ',
  'other-path': '   other path ',
  unmet: '   not met    ',
};

/** In place of not met. */
const PASSED_OVER = '   passed over';

const MODULE_VERDICTS: Readonly<Record<Decision['modules'][number]['verdict'], string>> = {
  answered: '-> answers    ',
  runs: '   runs       ',
  'on-response': '   on response',
  unmet: '   not met    ',
};

function conditionText(when: string | null, trace: ConditionTrace | null): string {
  if (when === null) return '';
  const said = trace?.kind === 'primitive' ? `  ${saidText(trace)}` : '';
  return `: ${when.trim().replaceAll(/\s+/g, ' ')}${said}`;
}

/** Behind the verdicts; a condition of one primitive says all in its line. */
function traceLines(trace: ConditionTrace | null): string[] {
  return trace === null || trace.kind === 'primitive'
    ? []
    : conditionLines(trace).map((text) => line('', `${' '.repeat(16)}${text}`));
}

function line(label: string, text: string): string {
  return `${label.padEnd(12)} ${text}\n`;
}

function from(clientIp: string | undefined): string {
  return clientIp === undefined ? '' : ` from ${clientIp}`;
}

function at(vip: string | undefined): string {
  return vip === undefined ? '' : ` at ${vip}`;
}

function certificateText({ certificate, stream }: Decision): string {
  if (stream?.way === 'passthrough') return "the instance's own";
  return certificate?.join(', ') ?? 'none: the handshake would fail';
}

function streamText({ way, proxyProtocol }: NonNullable<Decision['stream']>): string {
  const header = proxyProtocol === null ? '' : `, behind a PROXY header (${proxyProtocol})`;
  return way === 'passthrough'
    ? `TLS is passed through as it is${header}`
    : `what is in TLS is relayed as it is${header}`;
}

function targetText(target: ExplainedTarget): string {
  switch (target.kind) {
    case 'cluster':
      return `cluster ${target.cluster} (${target.balance})`;
    case 'split':
      return 'one of these clusters';
    case 'handler':
      return `handler ${target.handler}`;
    case 'redirect':
      return `redirect to ${target.to}`;
    case 'respond':
      return `response of ${Buffer.byteLength(target.body)} bytes`;
  }
}

/** Health is not looked at here. */
function stickyText({
  cookie,
  instance,
}: {
  readonly cookie: string;
  readonly instance: string | null;
}): string {
  return instance === null
    ? `the cookie ${cookie} names no instance: the answer sets it`
    : `the cookie ${cookie} names ${instance}, which is chosen while it is available`;
}

function answerText({ answer, stream }: Decision): string {
  if (stream !== null) return 'whatever the instance sends; nothing is read as HTTP';
  if (answer === null) return 'from the cluster';
  if (answer.status === 0) return 'none: the connection ends';
  const { status, error, location } = answer;
  return [status, error ?? '', location === undefined ? '' : `to ${location}`]
    .filter((part) => part !== '')
    .join(' ');
}
