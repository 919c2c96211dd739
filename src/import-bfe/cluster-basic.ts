import { type ClusterParts, readDuration } from './backend-conf.ts';
import type { Draft } from './draft.ts';
import type { Field, Fields } from './fields.ts';
import type { Report } from './report.ts';

/** `ClusterBasic` of a cluster. Returns `TimeoutReadClientAgain`, which is not a cluster's own here. */
export function readClusterBasic(
  basic: Fields | undefined,
  { timeouts, health }: ClusterParts,
  report: Report,
): Field<number> | undefined {
  if (basic === undefined) return undefined;
  const between = (steps: string) => `between two ${steps}, not for all of it`;
  readDuration(basic, 'TimeoutReadClient', timeouts, 'clientBody', report, between('reads of the body'));
  const taken = between('moments in which the client takes some of the response');
  readDuration(basic, 'TimeoutWriteClient', timeouts, 'clientWrite', report, taken);
  const again = basic.number('TimeoutReadClientAgain');
  if (again !== undefined && again.value <= 0)
    report.dropped(again.place, `TimeoutReadClientAgain ${again.value}: not above 0; the default is taken`);
  for (const name of ['ReqWriteBufferSize', 'ReqFlushInterval', 'ResFlushInterval']) {
    const field = basic.number(name);
    if (field !== undefined)
      report.changed(field.place, `${name}: not needed: what arrives is passed on at once`);
  }
  const cancel = basic.flag('CancelOnClientClose');
  if (cancel?.value === false)
    report.changed(
      cancel.place,
      'CancelOnClientClose false: when a client goes, its request to the instance is given up here',
    );
  else if (cancel !== undefined) report.kept(cancel.place, 'CancelOnClientClose true');
  const hostless = basic.flag('DisableHostHeader');
  if (hostless?.value === true)
    report.dropped(
      hostless.place,
      'DisableHostHeader: instances get the host that the client has asked for; the module rewrite sets another one for a tenant or a route',
    );
  else if (hostless !== undefined) report.kept(hostless.place, 'DisableHostHeader false');
  readDisabledHealth(basic.flag('DisableHealthCheck'), health, report);
  basic.end();
  return again !== undefined && again.value > 0 ? again : undefined;
}

function readDisabledHealth(disabled: Field<boolean> | undefined, health: Draft, report: Report): void {
  if (disabled === undefined) return;
  if (!disabled.value) {
    report.kept(disabled.place, 'DisableHealthCheck false');
    return;
  }
  for (const key of Object.keys(health)) delete health[key];
  health['maxEjected'] = '0%';
  report.kept(
    disabled.place,
    'DisableHealthCheck true, as health.maxEjected: 0% without a probe: nobody is taken out',
    health,
  );
}
