import type { Fields } from './fields.ts';
import { shown } from './located.ts';
import type { Report } from './report.ts';

/** What `bfe.conf` says of TLS. */
export interface TlsConf {
  readonly certificatesFile: string;
  readonly rulesFile: string;
  readonly authorities: string;
  readonly revoked: string;
  /** Oldest version of profiles that go below 1.2. */
  readonly minVersion: string | undefined;
  /** False: sessions are not resumed. */
  readonly tickets: boolean;
}

/** The sections [HttpsBasic], [SessionCache] and [SessionTicket]. */
export function readTlsConf(file: Fields, report: Report): TlsConf {
  const https = file.fields('HttpsBasic');
  const name = (key: string, fallback: string): string => {
    const field = https?.text(key);
    if (field === undefined || field.value === '') return fallback;
    report.kept(field.place, `${key}: ${shown(field.value)} is read`);
    return field.value;
  };
  const conf: TlsConf = {
    certificatesFile: name('ServerCertConf', 'tls_conf/server_cert_conf.data'),
    rulesFile: name('TlsRuleConf', 'tls_conf/tls_rule_conf.data'),
    authorities: name('ClientCABaseDir', 'tls_conf/client_ca'),
    revoked: name('ClientCRLBaseDir', 'tls_conf/client_crl'),
    minVersion: https && readVersions(https, report),
    tickets: readResumption(file, report),
  };
  if (https !== undefined) {
    const suites = https.texts('CipherSuites');
    if (suites.length > 0)
      report.changed(
        suites[0]!.place,
        'CipherSuites: those of the profile of each tenant (tls.profile) are taken, with AES-256-GCM and TLS 1.3, and never RC4 or 3DES',
      );
    const curves = https.texts('CurvePreferences');
    if (curves.length > 0)
      report.changed(
        curves[0]!.place,
        'CurvePreferences: those of the profile are taken, X25519 first; tls.curves of a tenant says otherwise',
      );
    const hello = https.flag('EnableSslv2ClientHello');
    if (hello?.value === true)
      report.dropped(
        hello.place,
        'EnableSslv2ClientHello: a client that begins with the hello of SSL 2.0 is refused (RFC 6176); nobody needs to do anything unless there are such clients',
      );
    else if (hello !== undefined) report.kept(hello.place, 'EnableSslv2ClientHello false');
    https.end();
  }
  return conf;
}

const VERSIONS: ReadonlyMap<string, string | undefined> = new Map([
  ['VersionSSL30', undefined],
  ['VersionTLS10', '1.0'],
  ['VersionTLS11', '1.1'],
  ['VersionTLS12', '1.2'],
]);

function readVersions(https: Fields, report: Report): string | undefined {
  const newest = https.text('MaxTlsVersion');
  if (newest !== undefined)
    report.changed(
      newest.place,
      `MaxTlsVersion ${shown(newest.value)}: TLS 1.3 is spoken too, which is newer than BFE knows; tls.maxVersion of a tenant says otherwise`,
    );
  const oldest = https.text('MinTlsVersion');
  if (oldest === undefined) return undefined;
  if (!VERSIONS.has(oldest.value)) {
    report.dropped(
      oldest.place,
      `MinTlsVersion ${shown(oldest.value)}: BFE knows ${[...VERSIONS.keys()].join(', ')}`,
    );
    return undefined;
  }
  const version = VERSIONS.get(oldest.value);
  if (version === undefined)
    report.changed(
      oldest.place,
      'MinTlsVersion VersionSSL30: TLS 1.0 is the oldest that a profile has (old)',
    );
  else report.kept(oldest.place, `MinTlsVersion ${oldest.value}: tls.minVersion where the profile is old`);
  return version;
}

function readResumption(file: Fields, report: Report): boolean {
  const cache = file.fields('SessionCache');
  if (cache !== undefined) {
    const isOff = cache.flag('SessionCacheDisabled');
    if (isOff?.value === false)
      report.dropped(
        isOff.place,
        'SessionCache: sessions are resumed by tickets, not from Redis; nodes share keys by tickets.keys',
      );
    else if (isOff !== undefined) report.kept(isOff.place, 'SessionCacheDisabled true');
    for (const key of [
      'Servers',
      'KeyPrefix',
      'ConnectTimeout',
      'ReadTimeout',
      'WriteTimeout',
      'MaxIdle',
      'SessionExpire',
    ]) {
      const node = cache.node(key);
      if (node !== undefined && isOff?.value !== false)
        report.kept(node.place, `${key}: means nothing while SessionCacheDisabled is true`);
      else if (node !== undefined) report.dropped(node.place, `${key}: there is no session cache`);
    }
    cache.end();
  }
  const ticket = file.fields('SessionTicket');
  const isOff = ticket?.flag('SessionTicketsDisabled');
  const key = ticket?.text('SessionTicketKeyFile');
  ticket?.end();
  if (isOff?.value === false) {
    report.kept(isOff.place, 'SessionTicketsDisabled false: tickets are on');
    if (key !== undefined)
      report.dropped(
        key.place,
        `SessionTicketKeyFile ${shown(key.value)}: keys are random and replaced every 12h; where several nodes must resume each other's sessions: openssl rand 48 > tickets.key on one, copy it, and write tickets: { keys: tickets.key }. Sessions of BFE are not resumed`,
      );
    return true;
  }
  if (isOff !== undefined)
    report.kept(isOff.place, 'SessionTicketsDisabled true, as tls.tickets: false of each tenant');
  if (key !== undefined)
    report.kept(key.place, 'SessionTicketKeyFile: means nothing while SessionTicketsDisabled is true');
  return isOff === undefined;
}
