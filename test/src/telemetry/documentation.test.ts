import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ResponseHead } from '../../../protocols/http/message.ts';
import { ERROR_NAMES, exchangeError } from '../../../src/core/errors.ts';
import { GLITCH_KINDS } from '../../../src/core/telemetry.ts';
import { createAccessLog } from '../../../src/modules/access-log/access-log.ts';
import { createTelemetry } from '../../../src/telemetry/metrics.ts';
import { ProcessMetrics } from '../../../src/telemetry/process-metrics.ts';
import { Registry } from '../../../src/telemetry/registry.ts';
import { PrimaryMetrics } from '../../../src/workers/primary-metrics.ts';
import { finishedExchange, requestFacts, session } from '../../support/finished-exchange.ts';
import { finishedStream } from '../../support/finished-stream.ts';

test('docs/errors.md has one section for each error name, under its side, with its status', () => {
  const sections = document('errors.md').split(/^### /m).slice(1);
  const sides = document('errors.md').split(/^## /m).slice(1);

  assert.deepEqual(sections.map((section) => section.split('\n', 1)[0]).toSorted(), ERROR_NAMES.toSorted());
  for (const section of sections) {
    const [name, text] = section.split(/\n([\s\S]*)/) as [(typeof ERROR_NAMES)[number], string];
    const { side, status } = exchangeError(name, '');
    assert.ok(
      sides.find((part) => part.includes(`### ${name}\n`))!.startsWith(side),
      `${name} is under ${side}`,
    );
    if (name === 'response-cut') continue;
    assert.ok(text.startsWith(status === 0 ? 'Status none' : `${status}`), `${name} begins with its status`);
  }
});

test('docs/metrics.md names every metric with its kind and labels, and no other', () => {
  const registry = new Registry();
  createTelemetry(registry);
  new ProcessMetrics(registry, 'worker');
  registry.counter('portico_access_log_lines_dropped_total', 'Help.');
  const { families } = new PrimaryMetrics('1').snapshot({
    reports: [{ metrics: registry.snapshot(), troubles: [] }],
    ready: 0,
    clusters: [],
    certificates: [],
    acme: { kept: [], orders: { obtained: 0, failed: 0 } },
  });

  const rows = Array.from(
    document('metrics.md').matchAll(/^\| `(\w+)` \| (\w+) \| ([^|]*)\|/gm),
    ([, name, kind, labels]) => `${name} ${kind} ${labels}`.trim(),
  );

  assert.deepEqual(
    rows.toSorted(),
    families.map(({ name, kind, labels }) => `${name} ${kind} ${labels.join(', ')}`.trim()).toSorted(),
  );
});

test('docs/metrics.md names every kind of glitch', () => {
  const [row] = document('metrics.md').match(/^\| `portico_http2_glitches_total` .*$/m)!;

  for (const kind of GLITCH_KINDS) assert.ok(row.includes(`\`${kind}\``), kind);
});

test('docs/access-log.md explains every field of a line', () => {
  const lines: string[] = [];
  const clock = { now: () => 0, wall: () => 0 };
  const log = createAccessLog({ enabled: true, write: (line) => lines.push(line) }, clock);
  const relayed = session({}, {});
  relayed.relays({ address: '192.0.2.7', port: 56324 }, { address: '10.1.2.3', port: 443 });
  log.handlers!.requestFinish!(
    finishedExchange(
      {
        session: relayed,
        instance: { address: { text: '127.0.0.1:9001' }, subCluster: 'east' },
        answeredBy: 'modules[0]',
        waitedMs: 1,
        facts: requestFacts({}, { tags: ['a', 'b'] }),
        error: exchangeError('client-gone', 'x'),
        response: GRPC_ERROR,
      },
      { upgrade: 'websocket', headers: ['user-agent', 'x', 'referer', 'x'] },
    ),
  );

  log.handlers!.streamFinish!(finishedStream());

  const fields = new Set(
    lines
      .map((line) => JSON.parse(line) as { timings: object })
      .flatMap((record) => [
        ...Object.keys(record),
        ...Object.keys(record.timings).map((name) => `timings.${name}`),
      ]),
  );
  const explained = Array.from(document('access-log.md').matchAll(/^\| (`[^|]*) \|/gm), ([, names]) =>
    names!.split(', ').map((name) => name.replaceAll('`', '')),
  ).flat();

  assert.deepEqual([...new Set(explained)].toSorted(), [...fields].toSorted());
});

const GRPC_ERROR = new ResponseHead(200, '', ['grpc-status', '14'], 0);

function document(name: string): string {
  return readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');
}
