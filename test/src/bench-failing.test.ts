import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { stop } from '../../bench/children.ts';
import { type Fleet, startFleet, type Trouble } from '../../bench/fleet.ts';
import type { OpenLoad } from '../../bench/load/load.ts';
import { runOpenLoop } from '../../bench/load/open-loop.ts';
import type { OpenLoopResult } from '../../bench/load/open-loop-client.ts';
import { HAPROXY_POLICY, NGINX_POLICY, PORTICO_POLICY } from '../../bench/peers/fleet-policy.ts';
import { renderPolicies } from '../../bench/report.ts';
import { SMALL_REQUEST } from '../../bench/scenarios/keep-alive.ts';

const LOAD: OpenLoad = { ...SMALL_REQUEST, shape: 'open', requestsPerSecond: 100 };

async function fleet(t: TestContext): Promise<Fleet> {
  const started = await startFleet(undefined);
  t.after(() => stop(started.child));
  return started;
}

/** Of the backend that can fail, asked without a proxy between: a second before the trouble, and a second behind it. */
function suffer({ ports, urlOf }: Fleet, trouble: Trouble): Promise<OpenLoopResult> {
  return runOpenLoop(LOAD, ports[0]!, [1, 1], undefined, urlOf(trouble));
}

test('a client tells what failed from what was answered, before a trouble and behind it', async (t) => {
  const backends = await fleet(t);

  for (const [trouble, kind] of [
    ['errors', 'status'],
    ['resets', 'cut'],
    ['dies', 'cut'],
  ] as const) {
    const { sent, before, behind } = await suffer(backends, trouble);
    await fetch(backends.urlOf('well'));

    assert.equal(sent, 300);
    assert.deepEqual(before.failed, { status: 0, cut: 0, late: 0 }, trouble);
    const { [kind]: failed, ...others } = behind.failed;
    assert.ok(failed > 0, trouble);
    for (const count of Object.values(others)) assert.equal(count, 0, trouble);
    if (trouble === 'dies') assert.equal(failed, behind.settled);
    else assert.ok(failed < behind.settled / 2, trouble);
  }
  // All but the last third of the last: that was not connected.
  assert.ok((await backends.count()) >= 800);
});

test('who hangs is waited for as long as the client is patient, and who is slow is slower by half a second', async (t) => {
  const [slow, hanging] = await Promise.all([fleet(t), fleet(t)]);
  const [late, never] = await Promise.all([suffer(slow, 'slow'), suffer(hanging, 'hangs')]);

  assert.ok(late.behind.p50 >= 490);
  assert.deepEqual(late.behind.failed, { status: 0, cut: 0, late: 0 });
  assert.equal(never.behind.failed.late, never.behind.settled);
  assert.ok(never.behind.settled > 0);
});

test('the backends that have no trouble answer, and what they are asked is counted, without probes', async (t) => {
  const { ports, urlOf, count } = await fleet(t);
  await fetch(urlOf('dies'));

  for (const port of ports.slice(1)) {
    assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 200);
    assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200);
  }

  assert.equal(await count(), ports.length - 1);
});

test('what the proxies are told about failing backends is printed as it is', () => {
  const printed = renderPolicies();

  for (const policy of [PORTICO_POLICY, HAPROXY_POLICY, NGINX_POLICY]) assert.ok(printed.includes(policy));
});
