import type { Draft } from './draft.ts';
import type { Field, Fields } from './fields.ts';
import type { FilePaths } from './file-paths.ts';
import { shown } from './located.ts';
import type { Report } from './report.ts';

/** `HTTPSConf` of a cluster, as its `tls`; undefined when there is none. */
export function readBackendTls(
  conf: Fields | undefined,
  protocol: string,
  paths: FilePaths,
  report: Report,
): Draft | undefined {
  if (conf === undefined) return undefined;
  const host = conf.text('RSHost');
  const skip = conf.flag('RSInsecureSkipVerify');
  const cert = conf.text('BFECertFile');
  const key = conf.text('BFEKeyFile');
  const authorities = conf.texts('RSCAList');
  conf.end();
  if (protocol !== 'https') {
    report.kept(conf.place, 'HTTPSConf: means nothing without Protocol https');
    return undefined;
  }
  const tls: Draft = {};
  report.stems(tls, conf.place);
  if (isGiven(host)) {
    tls['serverName'] = host.value;
    report.kept(host.place, `RSHost ${shown(host.value)}, as tls.serverName`);
  }
  readAuthorities(authorities, tls, paths, report);
  if (isGiven(cert) && isGiven(key)) {
    tls['cert'] = paths.inWork(cert.value);
    tls['key'] = paths.inWork(key.value);
    report.kept(cert.place, `BFECertFile ${shown(cert.value)}, as tls.cert`);
    report.kept(key.place, `BFEKeyFile ${shown(key.value)}, as tls.key`);
  }
  if (skip?.value === true) tls['verify'] = false;
  if (skip !== undefined)
    report.kept(skip.place, `RSInsecureSkipVerify ${skip.value}, as tls.verify: ${!skip.value}`);
  return Object.keys(tls).length === 0 ? undefined : tls;
}

function isGiven(field: Field<string> | undefined): field is Field<string> {
  return field !== undefined && field.value !== '';
}

function readAuthorities(
  authorities: readonly Field<string>[],
  tls: Draft,
  paths: FilePaths,
  report: Report,
): void {
  const [first, ...others] = authorities;
  if (first === undefined) return;
  tls['ca'] = paths.inWork(first.value);
  report.kept(first.place, `RSCAList ${shown(first.value)}, as tls.ca`);
  const files = authorities.map(({ value }) => value).join(' ');
  for (const { value, place } of others)
    report.dropped(
      place,
      `RSCAList ${shown(value)}: one file has all authorities here: cat ${files} > ca.pem, and name that as tls.ca`,
      tls,
    );
}
