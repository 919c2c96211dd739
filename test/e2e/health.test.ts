import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import { openClient, requestText } from '../support/client.ts';
import { plainConfig, startFront, type TestFront } from '../support/front.ts';
import type { PlainMessage } from '../support/http1-message.ts';
import {
  answering,
  eachRequest,
  type Origin,
  type OriginScript,
  ok,
  startOrigin,
} from '../support/origin.ts';

/** No probe comes within a test that does not wait for one. */
const NEVER = 'interval: 1h';
const SOON = 'interval: 20ms';

test('an instance is taken out after so many failures in a row, and the others take over', async (t) => {
  const [bad, well] = [await resetting(t), await startOrigin(t, answering(ok('well')))];
  const front = await startFront(
    t,
    plainConfig([bad.address, well.address], '', `health: { ${NEVER}, fail: 2 }`),
  );

  const statuses: number[] = [];
  for (let i = 0; i < 10; i++) statuses.push((await get(t, front)).status);

  // In turn, until the second failure: bad, well, bad, well …
  assert.deepEqual(statuses, [502, 200, 502, 200, 200, 200, 200, 200, 200, 200]);
  assert.equal(bad.connections.length, 2);
  assert.equal(front.count('instanceEjected'), 1);
  assert.ok(front.instanceEvents.includes(`instanceEjected ${bad.address}`));
  assert.deepEqual(
    front.instances().map(({ state }) => state),
    ['ejected', 'healthy'],
  );
});

test('a response in between begins the count anew', async (t) => {
  let requests = 0;
  const script = eachRequest((_request, connection) => {
    requests += 1;
    // Two failures, then an answer, and so on.
    if (requests % 3 === 0)
      connection.end('HTTP/1.1 500 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    else connection.reset();
  });
  const origin = await startOrigin(t, script);
  const front = await startFront(t, plainConfig([origin.address], '', `health: { ${NEVER}, fail: 3 }`));

  const statuses: number[] = [];
  for (let i = 0; i < 9; i++) statuses.push((await get(t, front)).status);

  assert.deepEqual(statuses, [502, 502, 500, 502, 502, 500, 502, 502, 500]);
  assert.equal(front.count('instanceEjected'), 0);
});

test('an instance that cuts its responses off is taken out like one that does not answer', async (t) => {
  const script = eachRequest((_request, connection) =>
    connection.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello'),
  );
  const origin = await startOrigin(t, script);
  const front = await startFront(t, plainConfig([origin.address], '', `health: { ${NEVER}, fail: 3 }`));

  for (let i = 0; i < 3; i++) await assert.rejects(get(t, front));
  const answer = await get(t, front);

  assert.equal(answer.status, 503);
  assert.equal(front.count('instanceEjected'), 1);
});

test('a client that goes away does not count against the instance, nor does a response with status 500', async (t) => {
  const script = eachRequest(({ startLine }, connection) => {
    if (startLine.includes('/500')) connection.send('HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n');
  });
  const origin = await startOrigin(t, script);
  const front = await startFront(t, plainConfig([origin.address], '', `health: { ${NEVER}, fail: 1 }`));

  const gone = await openClient(t, front.port());
  gone.send(requestText('GET /gone'));
  await (await origin.next()).untilText('/gone');
  gone.reset();
  await front.until(() => front.exchanges.length === 1);
  const answer = await get(t, front, '/500');

  assert.equal(answer.status, 500);
  assert.equal(front.instances()[0]?.state, 'healthy');
});

test('a client that goes away says nothing of the instance: failures around it are in a row', async (t) => {
  const script = eachRequest(({ startLine }, connection) => {
    if (startLine.includes('/bad')) connection.reset();
  });
  const origin = await startOrigin(t, script);
  const front = await startFront(t, plainConfig([origin.address], '', `health: { ${NEVER}, fail: 2 }`));

  assert.equal((await get(t, front, '/bad')).status, 502);
  const gone = await openClient(t, front.port());
  gone.send(requestText('GET /gone'));
  await (await origin.connection(1)).untilText('/gone');
  gone.reset();
  await front.until(() => front.exchanges.length === 2);
  assert.equal((await get(t, front, '/bad')).status, 502);

  assert.equal(front.instances()[0]?.state, 'ejected');
});

test('without a healthy instance the answer is 503 and says when to try again', async (t) => {
  const bad = await resetting(t);
  const front = await startFront(
    t,
    plainConfig([bad.address], '', 'health: { interval: 30s, fail: 1, pass: 2 }'),
  );

  assert.equal((await get(t, front)).status, 502);
  const answer = await get(t, front);

  assert.equal(answer.status, 503);
  assert.match(answer.body, /no-healthy-instance/);
  const retryAfter = Number(answer.headers.get('retry-after'));
  assert.ok(retryAfter > 30 && retryAfter <= 60, `two probes of 30 s each: ${retryAfter}`);
  assert.equal(bad.connections.length, 1);
  assert.equal(front.exchanges[1]?.error?.side, 'portico');
  assert.equal(front.exchanges[1]?.attempts, 0);
});

test('without a path an instance is brought back by a TCP connect', async (t) => {
  const origin = await startOrigin(t);
  await origin.stop();
  const front = await startFront(t, plainConfig([origin.address], '', `health: { ${SOON}, fail: 1 }`));

  assert.equal((await get(t, front)).status, 502);
  assert.equal((await get(t, front)).status, 503);
  await startOrigin(t, answering(ok('back')), origin.port);
  await front.until(() => front.count('instanceRestored') === 1, 'the instance to come back');

  assert.equal((await get(t, front)).body, 'back');
  assert.deepEqual(
    front.instanceEvents.filter((event) => event.startsWith('instance')),
    [`instanceEjected ${origin.address}`, `instanceRestored ${origin.address}`],
  );
});

test('without a path a healthy instance is not probed', async (t) => {
  const origin = await startOrigin(t, answering(ok('well')));
  const other = await startOrigin(t, answering(ok('well')));
  const front = await startFront(
    t,
    `${plainConfig([origin.address], '', `health: { ${SOON} }`)}
  other: { instances: [{ address: "${other.address}" }], health: { path: /, ${SOON} } }
`,
  );

  await other.connection(5);

  assert.equal(origin.connections.length, 0);
  assert.equal(front.count('instanceEjected'), 0);
});

for (const [status, isWell] of [
  [200, true],
  [204, true],
  [302, true],
  [399, true],
  [400, false],
  [404, false],
  [500, false],
  [503, false],
] as const) {
  test(`a probe that is answered with ${status} says that the instance is ${isWell ? '' : 'not '}well`, async (t) => {
    const origin = await startOrigin(t, answering(`HTTP/1.1 ${status} Probe\r\ncontent-length: 0\r\n\r\n`));
    const front = await startFront(
      t,
      plainConfig([origin.address], '', `health: { path: /well, ${SOON}, fail: 2 }`),
    );

    await (isWell ? origin.connection(5) : front.until(() => front.count('instanceEjected') === 1));

    assert.equal(front.instances()[0]?.state, isWell ? 'healthy' : 'ejected');
  });
}

test('a probe asks for the path on a connection of its own, and names itself', async (t) => {
  const origin = await startOrigin(t, answering(ok('')));
  await startFront(t, plainConfig([origin.address], '', `health: { path: "/well?deep=1", ${SOON} }`));

  const probe = await origin.next();
  await probe.untilText('\r\n\r\n');
  await origin.next();

  assert.equal(
    probe.text,
    `GET /well?deep=1 HTTP/1.1\r\nhost: ${origin.address}\r\nuser-agent: portico-health\r\nconnection: close\r\n\r\n`,
  );
});

for (const [kind, script] of [
  ['does not speak HTTP', answering('220 mail.example ESMTP\r\n')],
  ['closes instead of an answer', eachRequest((_request, connection) => void connection.end())],
  ['resets instead of an answer', eachRequest((_request, connection) => connection.reset())],
  ['never answers', () => {}],
] as [string, OriginScript][]) {
  test(`an instance that ${kind} when it is probed is not well`, async (t) => {
    const origin = await startOrigin(t, script);
    const front = await startFront(
      t,
      plainConfig(
        [origin.address],
        '',
        `health: { path: /, ${SOON}, fail: 2 }\ntimeouts: { connect: 50ms, responseHeader: 50ms }`,
      ),
    );

    await front.until(() => front.count('instanceEjected') === 1);

    assert.equal(front.instances()[0]?.state, 'ejected');
  });
}

test('probes take an instance out and bring it back after as many in a row as asked for', async (t) => {
  let isWell = true;
  const answers: boolean[] = [];
  const script = eachRequest((_request, connection) => {
    answers.push(isWell);
    connection.end(`HTTP/1.1 ${isWell ? 200 : 500} Probe\r\ncontent-length: 0\r\n\r\n`);
  });
  const origin = await startOrigin(t, script);
  const front = await startFront(
    t,
    plainConfig([origin.address], '', `health: { path: /, ${SOON}, fail: 3, pass: 2 }`),
  );

  await origin.connection(1);
  isWell = false;
  await front.until(() => front.count('instanceEjected') === 1);
  const failures = answers.filter((answer) => !answer).length;
  assert.equal((await get(t, front)).status, 503);
  const before = answers.length;
  isWell = true;
  await front.until(() => front.count('instanceRestored') === 1);
  const successes = answers.slice(before).filter((answer) => answer).length;

  assert.ok(failures >= 3, `${failures} failures`);
  assert.ok(successes >= 2, `${successes} successes`);
  assert.equal(front.instances()[0]?.state, 'healthy');
});

test('failures that are not in a row do not take an instance out', async (t) => {
  let count = 0;
  const script = eachRequest((_request, connection) => {
    count += 1;
    connection.end(`HTTP/1.1 ${count % 2 === 0 ? 200 : 500} Probe\r\ncontent-length: 0\r\n\r\n`);
  });
  const origin = await startOrigin(t, script);
  const front = await startFront(
    t,
    plainConfig([origin.address], '', `health: { path: /, ${SOON}, fail: 2 }`),
  );

  await origin.connection(9);

  assert.equal(front.count('instanceEjected'), 0);
});

test('a reload keeps what is known of the health of instances', async (t) => {
  const [bad, well] = [await resetting(t), await startOrigin(t, answering(ok('well')))];
  const yaml = (health: string): string =>
    plainConfig([bad.address, well.address], '', `health: { ${health} }`);
  const front = await startFront(t, yaml(`${NEVER}, fail: 1`));
  assert.equal((await get(t, front)).status, 502);

  await front.reload(yaml(`${NEVER}, fail: 5`));

  assert.deepEqual(
    front.instances().map(({ state }) => state),
    ['ejected', 'healthy'],
  );
  for (let i = 0; i < 4; i++) assert.equal((await get(t, front)).status, 200);
});

test('a reload changes how instances are probed from then on', async (t) => {
  const script = eachRequest(({ startLine }, connection) => {
    const status = startLine.includes('/well') ? 200 : 500;
    connection.end(`HTTP/1.1 ${status} Probe\r\ncontent-length: 0\r\n\r\n`);
  });
  const origin = await startOrigin(t, script);
  const yaml = (health: string): string => plainConfig([origin.address], '', `health: { ${health} }`);
  const front = await startFront(t, yaml(`path: /ill, ${SOON}, fail: 1`));
  await front.until(() => front.count('instanceEjected') === 1);

  await front.reload(yaml(`path: /well, ${SOON}, fail: 1`));
  await front.until(() => front.count('instanceRestored') === 1, 'the probe of the new path');
  await front.reload(yaml(`${SOON}, fail: 1`));
  const probes = origin.connections.length;
  // Only time can show that nothing comes any more: several intervals.
  await new Promise((resolve) => setTimeout(resolve, 150));

  assert.ok(origin.connections.length <= probes + 1, 'without a path a healthy instance is not probed');
});

test('an instance that was removed is not probed any more', async (t) => {
  const [gone, stays] = [await startOrigin(t, answering(ok(''))), await startOrigin(t, answering(ok('')))];
  const health = `health: { path: /, ${SOON} }`;
  const front = await startFront(t, plainConfig([gone.address, stays.address], '', health));
  await gone.connection(0);

  await front.reload(plainConfig([stays.address], '', health));
  const probes = gone.connections.length;
  await stays.connection(stays.connections.length + 5);

  assert.ok(gone.connections.length <= probes + 1);
});

test('probes do not pile up: the next waits for the last', async (t) => {
  const origin = await startOrigin(t);
  const front = await startFront(
    t,
    plainConfig(
      [origin.address],
      '',
      'health: { path: /, interval: 10ms, fail: 2 }\ntimeouts: { responseHeader: 100ms, connect: 100ms }',
    ),
  );

  await front.until(() => front.count('instanceEjected') === 1);

  assert.ok(origin.connections.length <= 3, 'two that failed, and perhaps one more');
});

test('an instance that is back gets its share little by little', async (t) => {
  const [steady, returning] = [await startOrigin(t, answering(ok('a'))), await startOrigin(t)];
  await returning.stop();
  let now = 1000;
  const front = await startFront(
    t,
    plainConfig([steady.address, returning.address], '', `slowStart: 10s\nhealth: { ${SOON}, fail: 1 }`),
    // Deadlines go by it too: it stands, and is moved on by hand.
    { clock: { ...systemClock, now: () => now } },
  );
  const ask = async (times: number): Promise<number> => {
    let count = 0;
    for (let i = 0; i < times; i++) if ((await get(t, front)).body === 'b') count += 1;
    return count;
  };
  await ask(2);
  assert.equal(front.count('instanceEjected'), 1);
  await startOrigin(t, answering(ok('b')), returning.port);
  await front.until(() => front.count('instanceRestored') === 1, 'the instance to come back');

  const weights = () => front.instances().map(({ effectiveWeight }) => effectiveWeight);

  assert.equal(await ask(22), 2);
  assert.deepEqual(weights(), [1, 0.1]);
  now += 5000;
  const half = await ask(31);
  assert.deepEqual(weights(), [1, 0.55]);
  now += 5000;

  assert.ok(half >= 10 && half <= 12, `0.55 of 1.55 are 11 of 31: ${half}`);
  assert.equal(await ask(10), 5);
  assert.deepEqual(weights(), [1, 1]);
});

/** An origin that resets every connection as soon as a request has come. */
function resetting(t: TestContext): Promise<Origin> {
  return startOrigin(
    t,
    eachRequest((_request, connection) => connection.reset()),
  );
}

/** A request on a connection of its own. */
async function get(t: TestContext, front: TestFront, path = '/'): Promise<PlainMessage> {
  const client = await openClient(t, front.port());
  client.send(requestText(`GET ${path}`, ['Connection: close']));
  return client.message();
}
