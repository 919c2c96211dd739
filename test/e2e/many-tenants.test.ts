import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openClient, requestText } from '../support/client.ts';
import { startFront } from '../support/front.ts';
import { answering, ok, startOrigin } from '../support/origin.ts';

const TENANTS = 10_000;

test('one server serves ten thousand tenants, each with hosts and routes of its own', async (t) => {
  const origins = await Promise.all(['even', 'odd'].map((name) => startOrigin(t, answering(ok(name)))));
  const tenants = Array.from({ length: TENANTS }, (_, i) => {
    const parity = i % 2 === 0 ? 'even' : 'odd';
    return `  tenant-${i}: { hosts: ["host-${i}.example", "*.wild-${i}.example"], routes: [{ path: "/fixed", respond: { status: 200, body: "tenant ${i}" } }, { cluster: ${parity} }] }`;
  });
  const yaml = `
listen: [{ address: "127.0.0.1:0" }]
drain: 50ms
tenants:
${tenants.join('\n')}
clusters:
  even: { instances: [{ address: "${origins[0]!.address}" }] }
  odd: { instances: [{ address: "${origins[1]!.address}" }] }
`;
  const front = await startFront(t, yaml);
  const client = await openClient(t, front.port());
  const ask = async (host: string, path: string): Promise<string> => {
    client.send(requestText(`GET ${path}`, [], host));
    const { status, body } = await client.message();
    return status === 200 ? body : String(status);
  };

  for (const i of [0, 1, 4_999, 5_000, TENANTS - 1]) {
    const parity = i % 2 === 0 ? 'even' : 'odd';
    assert.equal(await ask(`host-${i}.example`, '/fixed'), `tenant ${i}`);
    assert.equal(await ask(`host-${i}.example`, '/'), parity);
    assert.equal(await ask(`a.b.wild-${i}.example`, '/x'), parity);
    assert.equal(front.exchanges.at(-1)?.tenant?.name, `tenant-${i}`);
  }
  assert.equal(await ask(`host-${TENANTS}.example`, '/'), '404');
  assert.equal(await ask('wild-0.example', '/'), '404');

  await front.reload(yaml.replaceAll('"tenant ', '"reloaded '));
  assert.equal(await ask('host-7.example', '/fixed'), 'reloaded 7');
});

test('one tenant may have ten thousand routes to as many clusters, and each is reached', async (t) => {
  const origin = await startOrigin(t, answering(ok('well')));
  const names = Array.from({ length: TENANTS }, (_, i) => i);
  const yaml = `
listen: [{ address: "127.0.0.1:0" }]
drain: 50ms
tenants:
  shop:
    hosts: ["shop.example"]
    routes:
${names.map((i) => `      - { path: "/${i}", cluster: c${i} }`).join('\n')}
clusters:
${names.map((i) => `  c${i}: { instances: [{ address: "${origin.address}" }] }`).join('\n')}
`;
  const front = await startFront(t, yaml);
  const client = await openClient(t, front.port());

  for (const i of [0, 5_000, TENANTS - 1]) {
    client.send(requestText(`GET /${i}`));
    assert.equal((await client.message()).body, 'well');
    assert.equal(front.exchanges.at(-1)?.cluster?.name, `c${i}`);
  }
});
