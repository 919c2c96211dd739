import type { AcmeSettings } from '../../src/core/settings.ts';

/** An entry as the configuration makes it, with the CA of ScriptedCa. */
export function acmeSettings(fields: Partial<AcmeSettings> = {}): AcmeSettings {
  return {
    hosts: ['a.example.org'],
    vips: [],
    isDefault: false,
    directory: 'https://ca.example/directory',
    email: undefined,
    challenge: 'http-01',
    ca: undefined,
    storage: '/nowhere',
    renewBeforeMs: undefined,
    keyType: 'ec',
    ...fields,
  };
}
