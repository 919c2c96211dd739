import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exchangeError } from '../../../src/core/errors.ts';
import { GLITCH_KINDS } from '../../../src/core/telemetry.ts';
import { renderExposition } from '../../../src/telemetry/exposition.ts';
import { createTelemetry, type TrafficTelemetry } from '../../../src/telemetry/metrics.ts';
import { Registry } from '../../../src/telemetry/registry.ts';
import { finishedExchange, session } from '../../support/finished-exchange.ts';

test('counts a finished exchange by tenant, cluster, instance, protocol and class of status', () => {
  const { telemetry, text } = counted();

  telemetry.exchangeFinished(finishedExchange({ status: 204 }));
  telemetry.exchangeFinished(finishedExchange({ status: 200 }));
  telemetry.exchangeFinished(finishedExchange({ status: 404, instance: undefined }, { version: '1.0' }));
  telemetry.exchangeFinished(finishedExchange({ status: 0 }));

  const labels = 'tenant="shop",cluster="web"';
  assert.match(text(), new RegExp(`${labels},instance="127.0.0.1:9001",protocol="http/1.1",code="2xx"} 2\n`));
  assert.match(text(), new RegExp(`${labels},instance="",protocol="http/1.0",code="4xx"} 1\n`));
  assert.match(
    text(),
    new RegExp(`${labels},instance="127.0.0.1:9001",protocol="http/1.1",code="none"} 1\n`),
  );
});

test('finds the same series by name when a reload has made new objects', () => {
  const { telemetry, text } = counted();

  for (let generation = 0; generation < 3; generation += 1) {
    telemetry.exchangeFinished(
      finishedExchange({ tenant: { name: 'shop' }, instance: { address: { text: '127.0.0.1:9001' } } }),
    );
  }

  const lines = text().match(/^portico_requests_total\{.*$/gm);
  assert.deepEqual(lines, [
    'portico_requests_total{tenant="shop",cluster="web",instance="127.0.0.1:9001",protocol="http/1.1",code="2xx"} 3',
  ]);
});

test('keeps apart the same cluster name in two tenants', () => {
  const { telemetry, text } = counted();
  const cluster = { name: 'web' };

  telemetry.exchangeFinished(finishedExchange({ tenant: { name: 'a' }, cluster }));
  telemetry.exchangeFinished(finishedExchange({ tenant: { name: 'b' }, cluster }));

  assert.match(text(), /portico_attempts_total\{tenant="a",cluster="web"\} 1\n/);
  assert.match(text(), /portico_attempts_total\{tenant="b",cluster="web"\} 1\n/);
});

test('sums bytes, attempts and retries, and observes the duration in seconds', () => {
  const { telemetry, text } = counted();

  telemetry.exchangeFinished(finishedExchange({ bytesIn: 10, bytesOut: 100, attempts: 3 }));
  telemetry.exchangeFinished(finishedExchange({ bytesIn: 1, bytesOut: 1, attempts: 1 }));

  const labels = '{tenant="shop",cluster="web"}';
  for (const line of [
    `portico_request_body_bytes_total${labels} 11`,
    `portico_response_body_bytes_total${labels} 101`,
    `portico_attempts_total${labels} 4`,
    `portico_retries_total${labels} 2`,
    `portico_request_duration_seconds_sum${labels} 0.025`,
    `portico_request_duration_seconds_bucket{tenant="shop",cluster="web",le="0.01"} 0`,
    `portico_request_duration_seconds_bucket{tenant="shop",cluster="web",le="0.025"} 2`,
  ]) {
    assert.ok(text().includes(`${line}\n`), line);
  }
});

test('counts errors by name and side, whether an exchange or a refused request had them', () => {
  const { telemetry, text } = counted();
  const refused = session();
  refused.error = exchangeError('malformed-request', 'bad request line');

  telemetry.requestRefused(refused);
  telemetry.exchangeFinished(
    finishedExchange({ status: 502, error: exchangeError('connect-failed', 'refused') }),
  );

  assert.match(text(), /portico_errors_total\{error="malformed-request",side="downstream"\} 1\n/);
  assert.match(text(), /portico_errors_total\{error="connect-failed",side="upstream"\} 1\n/);
  assert.match(text(), /requests_total\{tenant="",cluster="",instance="",protocol="",code="4xx"\} 1\n/);
});

test('a TLS handshake that failed is an error of its session, not a request', () => {
  const { telemetry, text } = counted();
  const failed = session();
  telemetry.sessionOpened(failed);
  failed.error = exchangeError('tls-handshake-failed', 'no shared cipher');

  telemetry.requestRefused(failed);
  telemetry.sessionClosed(failed);

  assert.match(text(), /portico_session_errors_total\{error="tls-handshake-failed",side="downstream"\} 1\n/);
  assert.doesNotMatch(text(), /portico_requests_total\{|portico_errors_total\{/);
});

test('counts requests in flight up and down', () => {
  const { telemetry, text } = counted();

  telemetry.exchangeStarted();
  telemetry.exchangeStarted();
  telemetry.exchangeFinished(finishedExchange());

  assert.match(text(), /portico_requests_in_flight 1\n/);
});

test('counts by cluster what became of those who found all instances full', () => {
  const { telemetry, text } = counted();

  telemetry.queued({ name: 'web' }, 'served');
  telemetry.queued({ name: 'web' }, 'served');
  telemetry.queued({ name: 'api' }, 'full');

  assert.match(text(), /portico_queue_waits_total\{cluster="web",outcome="served"\} 2\n/);
  assert.match(text(), /portico_queue_waits_total\{cluster="api",outcome="full"\} 1\n/);
});

test('counts hedges by cluster, and those that answered first', () => {
  const { telemetry, text } = counted();

  telemetry.hedged({ name: 'web' });
  telemetry.hedged({ name: 'web' });
  telemetry.hedgeWon({ name: 'web' });

  assert.match(text(), /portico_hedges_total\{cluster="web"\} 2\n/);
  assert.match(text(), /portico_hedges_won_total\{cluster="web"\} 1\n/);
});

test('counts sessions by listener, and whether it is TLS', () => {
  const { telemetry, text } = counted();
  telemetry.describeListeners([
    { text: ':8080', tls: false },
    { text: ':8443', tls: true },
  ]);
  const secured = session({ listener: ':8443' });

  telemetry.sessionOpened(session({ listener: ':8080' }));
  telemetry.sessionOpened(secured);
  secured.tls = session({}, { version: 'TLSv1.3', resumed: true }).tls;
  secured.bytesIn = 5;
  telemetry.sessionClosed(secured);

  assert.match(text(), /portico_sessions_open\{listener=":8080"\} 1\n/);
  assert.match(text(), /portico_sessions_open\{listener=":8443"\} 0\n/);
  assert.match(text(), /portico_sessions_total\{listener=":8080",tls="false"\} 1\n/);
  assert.match(text(), /portico_session_received_bytes_total\{listener=":8443",tls="true"\} 5\n/);
  assert.match(text(), /portico_tls_sessions_total\{listener=":8443",version="TLSv1.3",resumed="true"\} 1\n/);
});

test('counts ended sessions by their protocol', () => {
  const { telemetry, text } = counted();
  const spoken = [session(), session(), session(), session()];
  spoken[0]!.protocol = 'h2';
  spoken[1]!.protocol = 'h2';
  spoken[2]!.protocol = 'http/1.1';

  for (const ended of spoken) {
    telemetry.sessionOpened(ended);
    telemetry.sessionClosed(ended);
  }

  assert.deepEqual(text().match(/^portico_protocol_sessions_total.*$/gm), [
    'portico_protocol_sessions_total{listener=":8443",protocol="h2"} 2',
    'portico_protocol_sessions_total{listener=":8443",protocol="http/1.1"} 1',
    'portico_protocol_sessions_total{listener=":8443",protocol=""} 1',
  ]);
});

test('counts glitches by kind, those that never happened too', () => {
  const { telemetry, text } = counted();

  telemetry.glitch('reset', 1);
  telemetry.glitch('reset', 4);
  telemetry.glitch('ping', 2);

  assert.equal(text().match(/^portico_http2_glitches_total/gm)!.length, GLITCH_KINDS.length);
  assert.match(text(), /portico_http2_glitches_total\{kind="reset"\} 5\n/);
  assert.match(text(), /portico_http2_glitches_total\{kind="ping"\} 2\n/);
  assert.match(text(), /portico_http2_glitches_total\{kind="window-update"\} 0\n/);
});

test('open sessions come back to zero though a reload turned TLS on meanwhile', () => {
  const { telemetry, text } = counted();
  telemetry.describeListeners([{ text: ':8080', tls: false }]);
  const early = session({ listener: ':8080' });

  telemetry.sessionOpened(early);
  telemetry.describeListeners([{ text: ':8080', tls: true }]);
  telemetry.sessionClosed(early);

  assert.deepEqual(text().match(/^portico_sessions_open.*$/gm), [
    'portico_sessions_open{listener=":8080"} 0',
  ]);
});

test('counts connections to instances and their ejections by address', () => {
  const { telemetry, text } = counted();
  const instance = { address: { text: '127.0.0.1:9001' } };

  telemetry.upstreamOpened(instance);
  telemetry.upstreamOpened({ address: { text: '127.0.0.1:9001' } });
  telemetry.upstreamClosed(instance);
  telemetry.upstreamFailed(instance);
  telemetry.instanceEjected(instance);
  telemetry.instanceRestored(instance);

  const label = '{instance="127.0.0.1:9001"}';
  for (const line of [
    `portico_upstream_connections_open${label} 1`,
    `portico_upstream_connections_total${label} 2`,
    `portico_upstream_connect_failures_total${label} 1`,
    `portico_instance_ejections_total${label} 1`,
    `portico_instance_restorations_total${label} 1`,
  ]) {
    assert.ok(text().includes(`${line}\n`), line);
  }
});

test('counts answers, failures and time of modules by module and callback point', () => {
  const { telemetry, text } = counted();

  telemetry.moduleAnswered('m', 'foundTenant', 'close');
  telemetry.moduleFailed('m', 'forward');
  telemetry.moduleTimed('m', 'forward', 32, 16);
  telemetry.moduleTimed('m', 'forward', 16, 16);
  telemetry.moduleTimed('n', 'forward', 16, 16);
  telemetry.moduleWaited('m', 'forward', 2000);

  for (const line of [
    'answers_total{module="m",point="foundTenant",answer="close"} 1',
    'failures_total{module="m",point="forward"} 1',
    'calls_total{module="m",point="forward"} 32',
    'calls_total{module="n",point="forward"} 16',
    'seconds_total{module="m",point="forward"} 0.048',
    'wait_seconds_count{module="m",point="forward"} 1',
    'wait_seconds_sum{module="m",point="forward"} 2',
  ])
    assert.ok(text().includes(`portico_module_${line}\n`), line);
});

test('counts what became of copies by cluster, and shows what has not happened yet as 0', () => {
  const { telemetry, text } = counted();

  for (const result of ['sent', 'answered', 'sent', 'failed'] as const)
    telemetry.mirrored({ name: 'next' }, result);

  assert.deepEqual(text().match(/^portico_mirrored_requests_total.*$/gm), [
    'portico_mirrored_requests_total{cluster="next",result="sent"} 2',
    'portico_mirrored_requests_total{cluster="next",result="answered"} 1',
    'portico_mirrored_requests_total{cluster="next",result="failed"} 1',
    'portico_mirrored_requests_total{cluster="next",result="skipped"} 0',
  ]);
});

function counted(): { telemetry: TrafficTelemetry; text: () => string } {
  const registry = new Registry();
  return { telemetry: createTelemetry(registry), text: () => renderExposition(registry.snapshot()) };
}
