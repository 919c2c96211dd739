import { readPlainHost } from '../config/host-name.ts';
import { readProbePath } from '../config/path-pattern.ts';
import { type Draft, type DraftValue, durationText } from './draft.ts';
import type { Fields } from './fields.ts';
import { shown } from './located.ts';
import type { Report } from './report.ts';

/** What counts as well when BFE takes any status. */
const ANY = ['1xx', '2xx', '3xx', '4xx', '5xx'];

/** `CheckConf` of a cluster, as its `health`. `protocol`: that of the cluster. */
export function readCheckConf(check: Fields | undefined, protocol: string, report: Report): Draft {
  const health: Draft = {};
  if (check !== undefined) {
    report.stems(health, check.place);
    readProbe(check, protocol, health, report);
  }
  const fail = check?.number('FailNum');
  health['fail'] = Math.min(Math.max(fail?.value ?? 5, 1), 1000);
  if (check === undefined) return health;
  if (fail !== undefined)
    report[health['fail'] === fail.value ? 'kept' : 'changed'](
      fail.place,
      `FailNum ${fail.value}, as health.fail: ${health['fail']}`,
    );
  const pass = check.number('SuccNum');
  if (pass !== undefined) {
    health['pass'] = Math.min(Math.max(pass.value, 1), 1000);
    report[health['pass'] === pass.value ? 'kept' : 'changed'](
      pass.place,
      `SuccNum ${pass.value}, as health.pass: ${health['pass']}`,
    );
  }
  for (const [name, key] of [
    ['CheckInterval', 'interval'],
    ['CheckTimeout', 'timeout'],
  ] as const) {
    const field = check.number(name);
    if (field === undefined) continue;
    if (field.value <= 0) {
      report.dropped(field.place, `${name} ${field.value}: not above 0; the default is taken`);
      continue;
    }
    health[key] = durationText(field.value);
    report.kept(field.place, `${name} ${field.value} ms, as health.${key}`);
  }
  check.end();
  return health;
}

function readProbe(check: Fields, protocol: string, health: Draft, report: Report): void {
  const scheme = check.text('Schem');
  const path = check.text('Uri');
  const host = check.text('Host');
  const hostType = check.text('HostType');
  const status = check.number('StatusCode');
  const range = check.text('StatusCodeRange');
  const kind = scheme?.value ?? 'http';
  if (kind === 'tcp' || kind === 'tls') {
    health['probe'] = kind;
    report.changed(
      scheme!.place,
      `Schem ${kind}, as health.probe: every instance is asked each interval, not only those that are out`,
      health,
    );
    for (const field of [path, status, range])
      if (field !== undefined) report.kept(field.place, `means nothing for a probe by ${kind}`);
    if (kind === 'tls' && protocol === 'http') readHost(host, hostType, health, report);
    else if (host !== undefined) report.kept(host.place, `Host: means nothing for a probe by ${kind} here`);
    return;
  }
  if (kind !== 'http' && kind !== 'https') {
    report.dropped(scheme!.place, `Schem ${shown(kind)}: BFE knows http, https, tls and tcp`);
    return;
  }
  const isTls = protocol === 'https';
  if (scheme !== undefined && (kind === 'https') !== isTls)
    report.changed(
      scheme.place,
      `Schem ${kind}: probes go by the protocol of the cluster, which is ${protocol}`,
      health,
    );
  else if (scheme !== undefined) report.kept(scheme.place, `Schem ${kind}, as the protocol of the cluster`);
  const uri = path?.value ?? '/health_check';
  if (typeof readProbePath(uri) !== 'string') {
    report.dropped(
      path?.place ?? check.place,
      `Uri ${shown(uri)} is not a path such as /healthz: instances are not asked`,
    );
    return;
  }
  health['path'] = uri;
  report.changed(
    path?.place ?? check.place,
    `Uri ${shown(uri)}, as health.path: every instance is asked each interval, not only those that are out`,
    health,
  );
  readHost(host, hostType, health, report);
  readStatus(status, range, health, report);
}

function readHost(
  host: ReturnType<Fields['text']>,
  hostType: ReturnType<Fields['text']>,
  health: Draft,
  report: Report,
): void {
  if (hostType !== undefined) report.kept(hostType.place, `HostType ${shown(hostType.value)}`);
  if (host === undefined || host.value === '') return;
  if (hostType?.value === 'Instance_IP') {
    report.kept(host.place, 'Host: means nothing with HostType Instance_IP');
    return;
  }
  const [name = '', port] = host.value.split(':');
  if (typeof readPlainHost(name) !== 'string') {
    report.dropped(host.place, `Host ${shown(host.value)} is not the name of a host`);
    return;
  }
  health['host'] = name;
  if (port === undefined) report.kept(host.place, `Host ${shown(name)}, as health.host`);
  else
    report.dropped(
      host.place,
      `Host ${shown(host.value)}: probes go to the port of the instance, not to ${port}`,
      health,
    );
}

function readStatus(
  status: ReturnType<Fields['number']>,
  range: ReturnType<Fields['text']>,
  health: Draft,
  report: Report,
): void {
  const code = status?.value ?? 0;
  if (code >= 100 && code <= 599) health['status'] = [code];
  else if (code > 0 && code <= 31) health['status'] = ANY.filter((_, i) => (code >> i) & 1);
  else health['status'] = ANY;
  if (code > 31 && code < 100)
    report.dropped(status!.place, `StatusCode ${code}: neither a status nor a set of classes`);
  else if (status !== undefined)
    report.kept(
      status.place,
      `StatusCode ${code}, as health.status: [${(health['status'] as DraftValue[]).join(', ')}]`,
    );
  if (range === undefined || range.value === '') return;
  const list = readStatusList(range.value);
  if (list === undefined) {
    report.dropped(
      range.place,
      `StatusCodeRange ${shown(range.value)}: expected statuses and classes such as 3xx|503`,
    );
    return;
  }
  health['status'] = list;
  report.kept(range.place, `StatusCodeRange ${shown(range.value)}, as health.status: [${list.join(', ')}]`);
}

/** `5xx|404` as `[5xx, 404]`; undefined when it is no such list. */
export function readStatusList(text: string): (string | number)[] | undefined {
  const items = text.replaceAll(' ', '').toLowerCase().split('|');
  if (!items.every((item) => /^[1-5](?:xx|\d\d)$/.test(item))) return undefined;
  return items.map((item) => (item.endsWith('xx') ? item : Number(item)));
}
