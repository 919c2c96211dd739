import { EVERY_PEER, type Scenario } from './scenario.ts';

export const idleMemory: readonly Scenario[] = [
  {
    id: 'idle-tls-memory',
    title: '2,000 idle TLS connections after one request each',
    measure: { kind: 'idle-memory', connections: 2000 },
    contestants: EVERY_PEER,
    judgements: [{ subject: 'portico', against: undefined, kind: 'value', target: { bar: 60, aim: 35 } }],
  },
];
