import type { Draft } from './draft.ts';
import type { Field, Fields } from './fields.ts';
import { shown } from './located.ts';
import type { Report } from './report.ts';

const BALANCE_MODES: ReadonlyMap<string, string> = new Map([
  ['WRR', 'round-robin'],
  ['WLC', 'least-connections'],
]);

/** `BalanceMode` and `HashConf` of `GslbBasic`: writes `balance` and `hashOn`. `hasPools`: whether there are several sub-clusters. */
export function readBalanceConf(
  gslb: Fields | undefined,
  cluster: Draft,
  hasPools: boolean,
  report: Report,
): void {
  const mode = gslb?.text('BalanceMode');
  const pickers = gslb?.node('EPPAddr');
  if (pickers !== undefined)
    report.dropped(
      pickers.place,
      'EPPAddr: instances are not chosen by an endpoint picker; balance: peak-ewma or least-connections come nearest',
    );
  const hash = gslb?.fields('HashConf');
  const sticky = hash?.flag('SessionSticky');
  if (mode !== undefined) readMode(mode, sticky?.value === true, cluster, report);
  if (hash === undefined) return;
  const strategy = hash.number('HashStrategy');
  const header = hash.text('HashHeader');
  hash.end();
  if (sticky?.value === true) readSticky(sticky, strategy, header, cluster, report);
  else readUnsticky(strategy?.place ?? header?.place ?? hash.place, sticky, hasPools, cluster, report);
}

function readMode(mode: Field<string>, isSticky: boolean, cluster: Draft, report: Report): void {
  const word = mode.value.toUpperCase();
  const balance = BALANCE_MODES.get(word);
  if (balance === undefined) {
    report.dropped(
      mode.place,
      `BalanceMode ${shown(mode.value)}: round-robin is taken in its place`,
      cluster,
    );
  } else if (isSticky) {
    report.kept(mode.place, `BalanceMode ${word}: SessionSticky overrides it`);
  } else {
    report.kept(mode.place, `BalanceMode ${word}, as balance: ${balance}`);
    if (balance !== 'round-robin') cluster['balance'] = balance;
  }
}

/** Then the key chooses the sub-cluster alone. */
function readUnsticky(
  place: Field<string>['place'],
  sticky: Field<boolean> | undefined,
  hasPools: boolean,
  cluster: Draft,
  report: Report,
): void {
  if (hasPools)
    report.changed(
      place,
      'HashConf: BFE chooses the sub-cluster by this key; here requests take turns by weight. balance: ring-hash with hashOn keeps a client in one sub-cluster, and with one instance',
      cluster,
    );
  else report.kept(place, 'HashConf: means nothing with one sub-cluster and without SessionSticky');
  if (sticky !== undefined) report.kept(sticky.place, 'SessionSticky false');
}

function readSticky(
  sticky: Field<boolean>,
  strategy: Field<number> | undefined,
  header: Field<string> | undefined,
  cluster: Draft,
  report: Report,
): void {
  const key = hashKey(strategy?.value ?? 1, header?.value);
  if (key === undefined) {
    report.dropped(
      strategy?.place ?? sticky.place,
      'SessionSticky: HashStrategy and HashHeader name no key; balance stays round-robin',
      cluster,
    );
    return;
  }
  cluster['balance'] = 'ring-hash';
  cluster['hashOn'] = key;
  report.changed(
    sticky.place,
    'SessionSticky, as balance: ring-hash: when an instance is out only its own keys move; clients go to other instances than BFE has sent them to',
    cluster,
  );
  const told = typeof key === 'string' ? key : `{ ${Object.entries(key).flat().join(': ')} }`;
  if (strategy?.value === 2)
    report.changed(
      strategy.place,
      `HashStrategy 2, as hashOn: ${told}: a request without it goes anywhere, not by the client's address`,
      cluster,
    );
  else if (strategy !== undefined)
    report.kept(strategy.place, `HashStrategy ${strategy.value}, as hashOn: ${told}`);
  if (header !== undefined) report.kept(header.place, `HashHeader ${shown(header.value)}`);
}

/** What `HashStrategy` means: 0 the client's id, 1 its address, 2 its id or else its address, 3 the URI. */
function hashKey(strategy: number, header: string | undefined): Draft | string | undefined {
  if (strategy === 1) return 'address';
  if (strategy === 3) return 'uri';
  if ((strategy !== 0 && strategy !== 2) || header === undefined || header === '') return undefined;
  const cookie = /^cookie:(.*)$/i.exec(header)?.[1]?.trim();
  if (cookie === undefined) return { header };
  return cookie === '' ? undefined : { cookie };
}
