import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseScenarios, SCENARIO_IDS } from '../../bench/scenarios/all.ts';

test('scenario ids are unique', () => {
  assert.equal(new Set(SCENARIO_IDS).size, SCENARIO_IDS.length);
});

test('every judgement is about contestants of its scenario', () => {
  for (const { id, contestants, judgements } of chooseScenarios([])) {
    const labels = new Set(contestants.map(({ label }) => label));
    assert.equal(labels.size, contestants.length, id);
    for (const { subject, against, kind } of judgements) {
      assert.ok(labels.has(subject), `${id}: ${subject}`);
      assert.ok(against === undefined ? kind === 'value' : labels.has(against), `${id}: ${against}`);
    }
  }
});

test('every contestant is made for the version of HTTP that the load speaks, or relays to an origin that is', () => {
  for (const { id, measure, contestants } of chooseScenarios([])) {
    const wanted = measure.kind === 'idle-memory' ? 'http/1.1' : measure.load.version;
    for (const { label, front } of contestants) {
      const spoken = front.clients === 'stream' ? front.origin : front.clients;
      assert.equal(spoken, wanted, `${id}: ${label}`);
    }
  }
});

test('bulk and small messages are relayed both ways, behind TLS and without', () => {
  const relayed = chooseScenarios([]).filter(({ contestants }) =>
    contestants.every(({ front }) => front.clients === 'stream'),
  );
  const tlsOf = (unit: string): boolean[] =>
    relayed.flatMap(({ measure }) =>
      measure.kind === 'cpu' && measure.unit === unit ? measure.load.tls : [],
    );

  assert.deepEqual(tlsOf('GiB'), [true, true, false, false]);
  assert.deepEqual(tlsOf('round trip'), [true, false]);
});

test('where GiB are the unit, the load counts bytes', () => {
  const loads = chooseScenarios([]).flatMap(({ measure }) =>
    measure.kind === 'cpu' && measure.unit === 'GiB' ? measure.load : [],
  );

  for (const { shape } of loads) assert.equal(shape, 'closed');
});

test('who asks for a host asks where it has a certificate, if any host has one of its own', () => {
  const certified = chooseScenarios([]).filter(({ contestants }) =>
    contestants.some(({ front }) => front.hasHostCertificates),
  );

  assert.ok(certified.length > 0);
  for (const { measure, contestants } of certified) {
    assert.ok(measure.kind === 'cpu');
    for (const { front } of contestants) {
      if (front.hasHostCertificates) assert.deepEqual(measure.load.hosts, front.hosts);
    }
  }
});

test('the node proxies only meet clients that they understand', () => {
  for (const { id, contestants } of chooseScenarios([])) {
    for (const { peer, front } of contestants) {
      if (peer === 'node:http') assert.equal(front.clients, 'http/1.1', id);
      if (peer === 'node:http2') assert.equal(front.clients, 'h2', id);
      if (peer === 'node:net') assert.equal(front.clients, 'stream', id);
    }
  }
});

test('a rate is spread evenly over its connections', () => {
  const loads = chooseScenarios([]).flatMap(({ measure }) =>
    measure.kind === 'latency' ? measure.load : [],
  );

  assert.ok(loads.length > 0);
  for (const load of loads) assert.equal(load.requestsPerSecond % load.connections, 0);
});

test('every aim is at or below its bar', () => {
  const targets = chooseScenarios([]).flatMap(({ judgements }) =>
    judgements.flatMap(({ target }) => target ?? []),
  );

  assert.ok(targets.length > 0);
  for (const { aim, bar } of targets) assert.ok(bar === undefined || aim <= bar);
});

test('scenarios come in the order in which they are named', () => {
  assert.deepEqual(
    chooseScenarios(['h1-tls', 'h1-plain']).map(({ id }) => id),
    ['h1-tls', 'h1-plain'],
  );
});

test('the beginning of names stands for all that have it, where it is no name itself', () => {
  assert.deepEqual(
    chooseScenarios(['failing']).map(({ id }) => id),
    ['dies', 'hangs', 'slow', 'flaps', 'errors', 'resets'].map((trouble) => `failing-${trouble}`),
  );
  assert.deepEqual(
    chooseScenarios(['hosts-10k']).map(({ id }) => id),
    ['hosts-10k'],
  );
});

test('only who has a fleet can have a trouble', () => {
  for (const { id, measure, contestants } of chooseScenarios([])) {
    for (const { front } of contestants) assert.equal(front.hasFleet, measure.kind === 'trouble', id);
  }
});

test('an unknown scenario is refused with the names there are', () => {
  assert.throws(() => chooseScenarios(['h9']), /no scenario h9; there are: h1-plain,/);
});
