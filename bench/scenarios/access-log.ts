import { SMALL_GET } from './keep-alive.ts';
import { PLAIN_FRONT, type Scenario } from './scenario.ts';

const LOGGING = { ...PLAIN_FRONT, accessLog: true };

export const accessLog: readonly Scenario[] = [
  {
    id: 'access-log',
    title: 'Access log to a file against none',
    measure: { kind: 'cpu', unit: 'request', load: SMALL_GET },
    contestants: [
      { label: 'portico', peer: 'portico', front: PLAIN_FRONT },
      { label: 'portico, log', peer: 'portico', front: LOGGING },
      { label: 'nginx', peer: 'nginx', front: PLAIN_FRONT },
      { label: 'nginx, log', peer: 'nginx', front: LOGGING },
    ],
    judgements: [
      { subject: 'portico, log', against: 'portico', kind: 'difference', target: { bar: 5, aim: 2 } },
      { subject: 'nginx, log', against: 'nginx', kind: 'difference', target: undefined },
    ],
  },
];
