import type { Draft } from './draft.ts';
import { Fields } from './fields.ts';
import type { FilePaths } from './file-paths.ts';
import { shown } from './located.ts';
import type { Report } from './report.ts';

/** Certificates by BFE's names, in the order of the file. */
export type Certificates = ReadonlyMap<string, Draft & { vips: string[] }>;

/** `server_cert_conf.data`. */
export function readCertificates(file: Fields, paths: FilePaths, report: Report): Certificates {
  const certificates = new Map<string, Draft & { vips: string[] }>();
  const config = file.fields('Config');
  for (const { name, node, place } of config?.named('CertConf') ?? []) {
    const fields = new Fields(node, `certificate ${shown(name)}`, report);
    const [cert, key, ocsp] = [
      fields.text('ServerCertFile'),
      fields.text('ServerKeyFile'),
      fields.text('OcspResponseFile'),
    ];
    fields.end();
    if (cert === undefined || key === undefined) {
      report.dropped(place, `certificate ${shown(name)} needs ServerCertFile and ServerKeyFile`);
      continue;
    }
    const entry: Draft & { vips: string[] } = {
      vips: [],
      cert: paths.inConf(cert.value),
      key: paths.inConf(key.value),
    };
    if (ocsp !== undefined && ocsp.value !== '') {
      entry['ocsp'] = paths.inConf(ocsp.value);
      report.changed(
        ocsp.place,
        `OcspResponseFile of ${shown(name)}, as ocsp: without that key Portico asks the responder itself, and keeps the response fresh`,
        entry,
      );
    }
    report.kept(place, `certificate ${shown(name)}, for the names in it`, entry);
    certificates.set(name, entry);
  }
  const chosen = config?.text('Default');
  if (chosen !== undefined && chosen.value !== '') {
    const entry = certificates.get(chosen.value);
    if (entry === undefined)
      report.dropped(chosen.place, `Default ${shown(chosen.value)}: there is no such certificate`);
    else {
      entry['default'] = true;
      report.kept(chosen.place, `Default ${shown(chosen.value)}`);
    }
  }
  config?.end();
  file.ignore('Version');
  file.end();
  return certificates;
}
