import { readStatusList } from './check-conf.ts';
import { type Draft, durationText } from './draft.ts';
import type { Fields } from './fields.ts';
import { shown } from './located.ts';
import type { Report } from './report.ts';

/** What a cluster's structures are written to. */
export interface ClusterParts {
  readonly cluster: Draft;
  readonly timeouts: Draft;
  readonly retry: Draft;
  readonly health: Draft;
}

/** `BackendConf` of a cluster but for its `Protocol`. */
export function readBackendConf(
  backend: Fields | undefined,
  { cluster, timeouts, retry, health }: ClusterParts,
  report: Report,
): void {
  if (backend === undefined) return;
  readDuration(backend, 'TimeoutConnSrv', timeouts, 'connect', report);
  readDuration(backend, 'TimeoutResponseHeader', timeouts, 'responseHeader', report);
  readConnections(backend, cluster, report);
  const level = backend.number('RetryLevel');
  if (level?.value === 1) {
    retry['on'] = ['connect-failure', 'connection-lost', 'timeout'];
    report.changed(
      level.place,
      'RetryLevel 1, as retry.on: besides GET also HEAD, OPTIONS, TRACE, PUT and DELETE are sent again, which do no harm the second time',
      retry,
    );
  } else if (level !== undefined) {
    report.kept(level.place, 'RetryLevel 0: connect failures, which is the default of retry.on');
  }
  const slow = backend.number('SlowStartTime');
  if (slow !== undefined && slow.value > 0 && cluster['balance'] !== 'ring-hash') {
    cluster['slowStart'] = durationText(slow.value * 1000);
    report.kept(slow.place, `SlowStartTime ${slow.value} s, as slowStart`);
  } else if (slow !== undefined) {
    report.kept(slow.place, 'SlowStartTime: none, or without effect beside SessionSticky');
  }
  readOutliers(backend, health, report);
  backend.ignore('FCGIConf');
  backend.end();
}

/** A number of milliseconds as a duration. `change`: how it is meant otherwise here. */
export function readDuration(
  fields: Fields,
  name: string,
  timeouts: Draft,
  key: string,
  report: Report,
  change?: string,
): void {
  const field = fields.number(name);
  if (field === undefined) return;
  if (field.value <= 0) {
    report.dropped(field.place, `${name} ${field.value}: not above 0; the default is taken`);
    return;
  }
  timeouts[key] = durationText(field.value);
  const as = `${name} ${field.value} ms, as timeouts.${key}`;
  if (change === undefined) report.kept(field.place, as);
  else report.changed(field.place, `${as}: ${change}`);
}

function readConnections(backend: Fields, cluster: Draft, report: Report): void {
  const idle = backend.number('MaxIdleConnsPerHost');
  if (idle !== undefined)
    report.changed(
      idle.place,
      idle.value === 0
        ? 'MaxIdleConnsPerHost 0: connections to instances are kept for timeouts.idle, and used again'
        : 'MaxIdleConnsPerHost: not needed: as many are kept as are used within timeouts.idle',
    );
  const most = backend.number('MaxConnsPerHost');
  if (most === undefined) return;
  if (most.value <= 0) {
    report.kept(most.place, 'MaxConnsPerHost: no bound');
    return;
  }
  cluster['maxRequests'] = Math.min(most.value, MAX_REQUESTS);
  report.changed(
    most.place,
    `MaxConnsPerHost ${most.value}, as maxRequests: requests, not connections, and from each worker; divide it by the number of workers`,
    cluster,
  );
}

const MAX_REQUESTS = 1_000_000;

function readOutliers(backend: Fields, health: Draft, report: Report): void {
  const outliers = backend.text('OutlierDetectionHttpCode');
  if (outliers === undefined || outliers.value === '') return;
  const list = readStatusList(outliers.value);
  if (list === undefined) {
    report.dropped(
      outliers.place,
      `OutlierDetectionHttpCode ${shown(outliers.value)}: expected statuses and classes such as 5xx|404`,
    );
    return;
  }
  health['failOn'] = list;
  report.kept(outliers.place, `OutlierDetectionHttpCode, as health.failOn: [${list.join(', ')}]`);
}
