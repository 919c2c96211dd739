import { EVERY_PEER, type Judgement, type Scenario } from './scenario.ts';
import { EVERY_STREAM_PEER } from './streams.ts';

const CONNECTIONS = 2000;
const TO_NGINX: Judgement = { subject: 'portico', against: 'nginx', kind: 'ratio', target: undefined };

export const idleMemory: readonly Scenario[] = [
  {
    id: 'idle-tls-memory',
    title: '2,000 idle TLS connections after one request each',
    measure: { kind: 'idle-memory', connections: CONNECTIONS, tls: true },
    contestants: EVERY_PEER,
    judgements: [{ subject: 'portico', against: undefined, kind: 'value', target: { bar: 60, aim: 35 } }],
  },
  {
    id: 'stream-idle-memory',
    title: '2,000 idle streams behind TLS after one message each, with their connections to the origin',
    measure: { kind: 'idle-memory', connections: CONNECTIONS, tls: true },
    contestants: EVERY_STREAM_PEER,
    judgements: [TO_NGINX],
  },
  {
    id: 'stream-idle-memory-plain',
    title: '2,000 idle streams without TLS after one message each, with their connections to the origin',
    measure: { kind: 'idle-memory', connections: CONNECTIONS, tls: false },
    contestants: EVERY_STREAM_PEER,
    judgements: [TO_NGINX],
  },
];
